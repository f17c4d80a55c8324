-- A user that comes in with a certificate of the CA alone. SUBJECT narrows that to one of them.
CREATE USER IF NOT EXISTS 'handfast'@'%' REQUIRE X509;
