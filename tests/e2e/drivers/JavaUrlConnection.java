// SPDX-License-Identifier: MIT
//
// java.net.HttpURLConnection, which follows redirects within one scheme by itself. Proxy and trust store come from system
// properties (JAVA_TOOL_OPTIONS).
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;

public class JavaUrlConnection {
	public static void main(String[] given) throws Exception {
		HttpURLConnection connection = (HttpURLConnection) new URL(given[1]).openConnection();
		byte[] body = null;
		connection.setRequestMethod(given[0]);
		connection.setReadTimeout(20_000);
		for (int at = 2; at < given.length; at += 2) {
			String value = given[at + 1];
			switch (given[at]) {
			case "--body" -> {
				body = Files.readAllBytes(Path.of(value));
				connection.setRequestProperty("Content-Type", "application/octet-stream");
			}
			case "--header" -> connection.setRequestProperty(value.split(": ", 2)[0], value.split(": ", 2)[1]);
			default -> throw new IllegalArgumentException("what is " + given[at] + "?");
			}
		}
		if (body != null) {
			connection.setDoOutput(true);
			connection.getOutputStream().write(body);
		}
		int status = connection.getResponseCode();
		try (InputStream content = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
			if (content != null)
				content.readAllBytes();
		}
		System.out.println(status + " " + connection.getURL());
	}
}
