// SPDX-License-Identifier: MIT
//
// java.net.http.HttpClient. Proxy and trust store come from system properties (JAVA_TOOL_OPTIONS); following redirects
// is asked for.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;

public class JavaHttpClient {
	public static void main(String[] given) throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(given[1])).timeout(Duration.ofSeconds(20));
		HttpRequest.BodyPublisher body = BodyPublishers.noBody();
		for (int at = 2; at < given.length; at += 2) {
			String value = given[at + 1];
			switch (given[at]) {
			case "--body" -> {
				body = BodyPublishers.ofFile(Path.of(value));
				request.header("Content-Type", "application/octet-stream");
			}
			case "--header" -> request.header(value.split(": ", 2)[0], value.split(": ", 2)[1]);
			default -> throw new IllegalArgumentException("what is " + given[at] + "?");
			}
		}
		HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
		HttpResponse<Void> answer = client.send(request.method(given[0], body).build(), BodyHandlers.discarding());
		System.out.println(answer.statusCode() + " " + answer.uri());
	}
}
