// Asks over mutual TLS, with axios.
import fs from "node:fs";
import https from "node:https";
import axios from "axios";

const httpsAgent = new https.Agent({
  cert: fs.readFileSync({{ cert }}),
  key: fs.readFileSync({{ key }}),
  ca: fs.readFileSync({{ ca }}),
{% if crl %}
  crl: fs.readFileSync({{ crl }}, "utf8").match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g),
{% endif %}
  minVersion: "TLSv1.2",
  // No RSA keys below 2048 bits, which Node would take.
  ciphers: "DEFAULT:@SECLEVEL=2",
});
const client = axios.create({ httpsAgent });

const urls = process.argv.slice(2);
for (const url of urls.length ? urls : [{{ "https://" ~ to ~ "/" }}]) {
  try {
    await client.get(url);
    console.log(`${url}: ok`);
  } catch (error) {
    console.log(`${url}: ${error.code ?? ""} ${error.message}`.replaceAll("\n", " "));
  }
}
