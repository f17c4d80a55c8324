// Asks over mutual TLS, with fetch.
import fs from "node:fs";
import { Agent, fetch } from "undici";

const dispatcher = new Agent({
  connect: {
    cert: fs.readFileSync({{ cert }}),
    key: fs.readFileSync({{ key }}),
    ca: fs.readFileSync({{ ca }}),
{% if crl %}
    crl: fs.readFileSync({{ crl }}, "utf8").match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g),
{% endif %}
    minVersion: "TLSv1.2",
    // No RSA keys below 2048 bits, which Node would take.
    ciphers: "DEFAULT:@SECLEVEL=2",
  },
});

const urls = process.argv.slice(2);
for (const url of urls.length ? urls : [{{ "https://" ~ to ~ "/" }}]) {
  try {
    const response = await fetch(url, { dispatcher });
    await response.text();
    console.log(`${url}: ${response.ok ? "ok" : response.status}`);
  } catch (error) {
    console.log(`${url}: ${error.cause?.code ?? ""} ${error.cause?.message ?? error.message}`.replaceAll("\n", " "));
  }
}
