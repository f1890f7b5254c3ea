// SPDX-License-Identifier: MIT
// The JDK's own server: java Redirects.java PORT
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

public class Redirects {
	static void redirect(HttpExchange exchange, int status, String target) throws IOException {
		exchange.getRequestBody().readAllBytes(); // otherwise the connection can't be used again
		exchange.getResponseHeaders().set("Location", target);
		exchange.sendResponseHeaders(status, -1);
		exchange.close();
	}

	static void answer(HttpExchange exchange) throws IOException {
		int length = exchange.getRequestBody().readAllBytes().length;
		byte[] text = ("{\"method\":\"" + exchange.getRequestMethod() + "\",\"content\":" + length + "}").getBytes();

		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.sendResponseHeaders(200, text.length);
		exchange.getResponseBody().write(text);
		exchange.close();
	}

	public static void main(String[] arguments) throws IOException {
		InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
		HttpServer server = HttpServer.create(address, 0);

		server.createContext("/pay", exchange -> redirect(exchange, 307, "/v2/pay"));
		server.createContext("/pay-302", exchange -> redirect(exchange, 302, "/v2/pay"));
		server.createContext("/v2/pay", Redirects::answer);
		server.start();
	}
}
