// SPDX-License-Identifier: MIT
//
// Java's HttpClient, told to follow. Compile it once (javac -d /tmp scripts/drivers/HttpClientDriver.java), then
//   hopaudit lab -- java -cp /tmp HttpClientDriver {method} {url} {bodyfile} {headerfile}
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

public class HttpClientDriver {
    public static void main(String[] given) throws Exception {
        var content = Files.readAllBytes(Path.of(given[2]));
        var request = HttpRequest.newBuilder(URI.create(given[1])).timeout(Duration.ofSeconds(15))
            .method(given[0], content.length > 0 ? BodyPublishers.ofByteArray(content) : BodyPublishers.noBody());
        for (String line : Files.readAllLines(Path.of(given[3]))) {
            var parts = line.split(": ", 2);
            request.header(parts[0], parts[1]);
        }
        var client = HttpClient.newBuilder().proxy(ProxySelector.getDefault())
            .followRedirects(HttpClient.Redirect.ALWAYS).build();
        client.send(request.build(), BodyHandlers.discarding());
    }
}
