// An HTTPS server that asks every client for a certificate, with the JDK alone. Run it with: java Server.java
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetSocketAddress;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.Executors;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

public class Server {
    static final Path CERT = Path.of({{ cert }});
    static final Path KEY = Path.of({{ key }});
    static final Path CA = Path.of({{ ca }});

    /** A certificate with its key, under a name that no other pair has. */
    record Pair(String alias, X509Certificate[] chain, PrivateKey key) {}

    static volatile Pair current;
    /** For handshakes that began before a renewal. */
    static volatile Pair previous;

    public static void main(String[] arguments) throws Exception {
        // No RSA keys below 2048 bits, which the JDK would take.
        java.security.Security.setProperty("jdk.certpath.disabledAlgorithms",
                java.security.Security.getProperty("jdk.certpath.disabledAlgorithms") + ", RSA keySize < 2048");
        current = pair();
        SSLContext context = context();
        HttpsServer server = HttpsServer.create(new InetSocketAddress({{ listen_host }}, {{ listen_port }}), 0);
        server.setHttpsConfigurator(configurator(context));
        server.createContext("/", exchange -> {
            SSLSession session = ((HttpsExchange) exchange).getSSLSession();
            byte[] body = ("hello, " + session.getPeerPrincipal().getName() + "\n").getBytes("UTF-8");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        FileTime seen = Files.getLastModifiedTime(KEY);
        while (true) {
            Thread.sleep(1000);
            FileTime now = Files.getLastModifiedTime(KEY);
            if (now.equals(seen)) {
                continue;
            }
            try {
                previous = current;
                current = pair();
                seen = now;
            } catch (Exception error) {
                System.err.println("the renewed certificate is not good, the old one stays: " + error);
            }
        }
    }

    static HttpsConfigurator configurator(SSLContext context) {
        return new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters rules = getSSLContext().getDefaultSSLParameters();
                rules.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
                rules.setNeedClientAuth(true);
                parameters.setSSLParameters(rules);
            }
        };
    }

    /** The certificates of a PEM file. */
    static List<X509Certificate> certificates(Path file) throws Exception {
        List<X509Certificate> found = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                found.add((X509Certificate) certificate);
            }
        }
        return found;
    }

    /** The private key of a PEM file in PKCS#8. */
    static PrivateKey privateKey(Path file, String algorithm) throws Exception {
        String text = Files.readString(file);
        String body = text.replaceAll("(?s).*-----BEGIN PRIVATE KEY-----(.*)-----END PRIVATE KEY-----.*", "$1");
        byte[] der = Base64.getMimeDecoder().decode(body);
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    /** Shows the certificate that is the present one when a client comes. */
    static class Renewable extends X509ExtendedKeyManager {
        public String chooseEngineServerAlias(String type, java.security.Principal[] issuers, SSLEngine engine) {
            Pair own = current;
            String algorithm = own.key().getAlgorithm();
            return type.equals(algorithm) || type.equals("RSASSA-PSS") && algorithm.equals("RSA") ? own.alias() : null;
        }

        public String chooseServerAlias(String type, java.security.Principal[] issuers, java.net.Socket socket) {
            return chooseEngineServerAlias(type, issuers, null);
        }

        public String[] getServerAliases(String type, java.security.Principal[] issuers) {
            return new String[] {current.alias()};
        }

        public String chooseClientAlias(String[] types, java.security.Principal[] issuers, java.net.Socket socket) {
            return null;
        }

        public String[] getClientAliases(String type, java.security.Principal[] issuers) {
            return null;
        }

        Pair named(String alias) {
            Pair last = previous;
            return last != null && last.alias().equals(alias) ? last : current;
        }

        public X509Certificate[] getCertificateChain(String alias) {
            return named(alias).chain();
        }

        public PrivateKey getPrivateKey(String alias) {
            return named(alias).key();
        }
    }

    /** Our certificate and key; refused when they do not belong together. */
    static Pair pair() throws Exception {
        List<X509Certificate> chain = certificates(CERT);
        PrivateKey key = privateKey(KEY, chain.get(0).getPublicKey().getAlgorithm());
        java.security.Signature proof = java.security.Signature.getInstance(
                key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "EdDSA");
        proof.initSign(key);
        byte[] signed = proof.sign();
        proof.initVerify(chain.get(0));
        if (!proof.verify(signed)) {
            throw new java.security.InvalidKeyException("the key does not belong to the certificate");
        }
        return new Pair(chain.get(0).getSerialNumber().toString(16), chain.toArray(new X509Certificate[0]), key);
    }

    /** Trusts our CA. */
    static SSLContext context() throws Exception {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate ca : certificates(CA)) {
            anchors.add(new TrustAnchor(ca, null));
        }
        PKIXBuilderParameters rules = new PKIXBuilderParameters(anchors, new X509CertSelector());
        rules.setRevocationEnabled(false);
{% if crl %}
        rules.setRevocationEnabled(true);
        try (InputStream in = Files.newInputStream(Path.of({{ crl }}))) {
            rules.addCertStore(CertStore.getInstance("Collection",
                    new CollectionCertStoreParameters(CertificateFactory.getInstance("X.509").generateCRLs(in))));
        }
        // The lists alone: no responder is asked over the network, and what is not on a list is not trusted.
        PKIXRevocationChecker checker = (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
        rules.addCertPathChecker(checker);
{% endif %}
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(new CertPathTrustManagerParameters(rules));

        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new Renewable()}, trust.getTrustManagers(), null);
        return context;
    }
}
