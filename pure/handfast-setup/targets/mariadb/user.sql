-- A user that is accepted with any certificate of the CA. SUBJECT narrows that to one of them.
CREATE USER IF NOT EXISTS 'handfast'@'%' REQUIRE X509;
