// Asks over mutual TLS, with the JDK alone. Run it with: java Client.java [URL ...]
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

public class Client {
    static final Path CERT = Path.of({{ cert }});
    static final Path KEY = Path.of({{ key }});
    static final Path CA = Path.of({{ ca }});

    public static void main(String[] urls) throws Exception {
        // No RSA keys below 2048 bits, which the JDK would take.
        java.security.Security.setProperty("jdk.certpath.disabledAlgorithms",
                java.security.Security.getProperty("jdk.certpath.disabledAlgorithms") + ", RSA keySize < 2048");
        HttpClient client = HttpClient.newBuilder()
                .sslContext(context())
                .sslParameters(new SSLParameters(null, new String[] {"TLSv1.3", "TLSv1.2"}))
                .connectTimeout(Duration.ofSeconds(30))
                .build();
        String usual = {{ "https://" ~ to ~ "/" }};
        for (String url : urls.length > 0 ? List.of(urls) : List.of(usual)) {
            try {
                HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(30)).build();
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                System.out.println(url + ": " + (response.statusCode() == 200 ? "ok" : response.statusCode()));
            } catch (java.io.IOException error) {
                System.out.println(url + ": " + error);
            }
        }
        System.exit(0);
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

    /** Shows our certificate and trusts our CA. */
    static SSLContext context() throws Exception {
        char[] nothing = new char[0];
        List<X509Certificate> chain = certificates(CERT);
        PrivateKey key = privateKey(KEY, chain.get(0).getPublicKey().getAlgorithm());
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", key, nothing, chain.toArray(new Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, nothing);

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
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
