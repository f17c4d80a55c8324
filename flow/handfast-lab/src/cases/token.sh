# The issuer of access tokens: its public key in jwks.json, and in token one that is valid and bound to no certificate.
set -e
openssl genrsa -out issuer.key 2048 2>/dev/null
url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# The modulus stands in RSAPublicKey behind the headers of a SEQUENCE and an INTEGER, and a zero.
n=$(openssl rsa -in issuer.key -RSAPublicKey_out -outform DER 2>/dev/null | dd bs=1 skip=9 count=256 2>/dev/null | url)
printf '{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"lab","n":"%s","e":"AQAB"}]}\n' "$n" >jwks.json
later=$(($(date +%s) + 3600))
head=$(printf '{"alg":"RS256","typ":"at+jwt","kid":"lab"}' | url)
body=$(printf '{"iss":"https://id.lab.example","aud":"orders","sub":"client","exp":%s}' "$later" | url)
sign=$(printf %s.%s "$head" "$body" | openssl dgst -sha256 -sign issuer.key -binary | url)
printf %s.%s.%s "$head" "$body" "$sign" >token
