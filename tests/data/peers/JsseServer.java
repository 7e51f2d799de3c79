// A TLS server of Java's own library (JSSE), for tests: takes every protocol version and cipher suite that the library
// knows, or those it is told. Run as `java -Djava.security.properties=java.security JsseServer.java ADDRESS PORT
// VERSIONS SUITES KEYSTORE...`; VERSIONS and SUITES are comma-separated, or `all`, or `default`. Every PKCS #12
// keystore (password `khien`) adds a certificate.
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyStore;
import java.util.Collections;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

public final class JsseServer {
    private static final char[] PASSWORD = "khien".toCharArray();
    private static final byte[] ANSWER =
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n".getBytes(StandardCharsets.US_ASCII);

    public static void main(String[] arguments) throws Exception {
        KeyStore all = KeyStore.getInstance("PKCS12");
        all.load(null, PASSWORD);
        for (int file = 4; file < arguments.length; file++) {
            KeyStore one = KeyStore.getInstance("PKCS12");
            try (FileInputStream stream = new FileInputStream(arguments[file])) {
                one.load(stream, PASSWORD);
            }
            for (String alias : Collections.list(one.aliases())) {
                Key key = one.getKey(alias, PASSWORD);
                all.setKeyEntry(file + alias, key, PASSWORD, one.getCertificateChain(alias));
            }
        }
        // NewSunX509 chooses among several certificates by what the client takes
        KeyManagerFactory keys = KeyManagerFactory.getInstance("NewSunX509");
        keys.init(all, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);

        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(Integer.parseInt(arguments[1]), 100, InetAddress.getByName(arguments[0]));
        if (!arguments[2].equals("default")) {
            listener.setEnabledProtocols(
                    arguments[2].equals("all") ? listener.getSupportedProtocols() : arguments[2].split(","));
        }
        if (!arguments[3].equals("default")) {
            listener.setEnabledCipherSuites(
                    arguments[3].equals("all") ? listener.getSupportedCipherSuites() : arguments[3].split(","));
        }
        ExecutorService workers = Executors.newFixedThreadPool(8);
        while (true) {
            SSLSocket socket = (SSLSocket) listener.accept();
            workers.submit(() -> serve(socket));
        }
    }

    private static void serve(SSLSocket socket) {
        try (socket) {
            socket.setSoTimeout(5_000);
            socket.startHandshake();
            socket.getInputStream().read(new byte[4096]);
            socket.getOutputStream().write(ANSWER);
        } catch (IOException ended) {
            // most of who comes here asks for what is not there
        }
    }
}
