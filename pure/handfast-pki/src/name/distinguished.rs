//! Distinguished names: read in every string type, compared as RFC 5280 section 7.1 says, written as RFC 4514.

use std::{fmt, str::FromStr};

use const_oid::ObjectIdentifier;
use der::{DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

use crate::{
    asn1::{self, Flaw, Value, Values},
    oid::Oid,
    text::hex,
};

/// A distinguished name (RFC 5280 section 4.1.2.4), with the exact bytes that it came from.
///
/// Two names are equal where RFC 5280 section 7.1 says so: in the same order the same attributes with the same text,
/// whatever the string type, the case of letters and the number of blanks. Only [`Self::der`] tells them apart.
#[derive(Clone)]
pub struct Name {
    /// Without tag and length.
    content: Vec<u8>,
    /// From the top; several attributes in one place are rare.
    places: Vec<Vec<Attribute>>,
}

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What it says: a common name, a country.
    pub kind: Oid,
    /// The value with its tag.
    value: Vec<u8>,
}

impl Name {
    /// The name in `der`, with tag and length and nothing behind it.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Flaw> {
        Self::from_content(Value::only(der, asn1::SEQUENCE, "name")?.content)
    }

    pub(crate) fn from_content(content: &[u8]) -> Result<Self, Flaw> {
        let places = Values(content).map(|place| {
            let place = place
                .ok()
                .filter(|place| place.tag == asn1::SET)
                .ok_or(Flaw("name"))?;
            let attributes: Vec<_> = place.values().map(attribute).collect::<Result<_, _>>()?;
            (!attributes.is_empty()).then_some(attributes).ok_or(Flaw("name"))
        });
        Ok(Self {
            places: places.collect::<Result<_, _>>()?,
            content: content.to_vec(),
        })
    }

    /// The exact bytes.
    pub fn der(&self) -> Vec<u8> {
        asn1::wrap(asn1::SEQUENCE, &self.content)
    }

    /// The exact bytes without tag and length.
    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }

    /// Whether it has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All attributes, from the top.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.places.iter().flatten()
    }

    /// Whether the bytes are the same, too.
    pub fn is_written_as(&self, other: &Self) -> bool {
        self.content == other.content
    }

    /// RFC 4514 to the letter: an attribute beyond the nine of its section 3 by its number, with the value in hexadecimal
    /// digits. So Java writes it, and so some rules have to be registered.
    pub fn strict(&self) -> String {
        self.written(
            &|attribute| match SHORT.iter().find(|(kind, _)| attribute.kind == *kind) {
                Some((_, key)) => attribute.text().map(|text| format!("{key}={}", escaped(&text))),
                None => None,
            },
        )
    }

    fn written(&self, readable: &dyn Fn(&Attribute) -> Option<String>) -> String {
        let one = |attribute: &Attribute| {
            readable(attribute).unwrap_or_else(|| format!("{}=#{}", attribute.kind, hex(&attribute.value)))
        };
        let places = self.places.iter().rev();
        let places = places.map(|place| place.iter().map(one).collect::<Vec<_>>().join("+"));
        places.collect::<Vec<_>>().join(",")
    }
}

/// AttributeTypeAndValue.
fn attribute(value: Result<Value<'_>, Flaw>) -> Result<Attribute, Flaw> {
    const WHAT: Flaw = Flaw("name");
    let pair = value.ok().filter(|pair| pair.tag == asn1::SEQUENCE).ok_or(WHAT)?;
    let mut parts = pair.values();
    let kind = parts.expect(asn1::OBJECT_IDENTIFIER, "name")?;
    let value = parts.next().and_then(Result::ok).ok_or(WHAT)?;
    parts.end("name")?;
    Ok(Attribute {
        kind: Oid::from_octets(kind.content).map_err(|_| WHAT)?,
        value: value.whole.to_vec(),
    })
}

impl Attribute {
    /// The value where it is text of any of the string types of ASN.1.
    pub fn text(&self) -> Option<String> {
        let value = Values(&self.value).next()?.ok()?;
        text(value.tag, value.content)
    }

    /// The string type by its name in ASN.1, for telling two writings of one name apart.
    pub(crate) fn string_type(&self) -> &'static str {
        match self.value.first() {
            Some(0x0c) => "UTF8String",
            Some(0x12) => "NumericString",
            Some(0x13) => "PrintableString",
            Some(0x14) => "TeletexString",
            Some(0x16) => "IA5String",
            Some(0x1a) => "VisibleString",
            Some(0x1c) => "UniversalString",
            Some(0x1e) => "BMPString",
            _ => "no string",
        }
    }

    /// What the attribute is called in a name.
    fn key(&self) -> Option<String> {
        if let Some((_, key)) = SHORT.iter().chain(KEYS).find(|(kind, _)| self.kind == *kind) {
            return Some((*key).to_owned());
        }
        let names = const_oid::db::DB.find_names_for_oid(self.kind.short()?);
        names.min_by_key(|name| name.len()).map(str::to_ascii_uppercase)
    }

    /// Text prepared for comparing (RFC 5280 section 7.1, in the manner of RFC 4518): without regard to case, and to how
    /// many blanks stand between words. What would take a table of Unicode stays as it is, so that two names are at most
    /// called different that are the same.
    fn prepared(&self) -> Option<String> {
        let text = self.text()?;
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(words.join(" ").chars().flat_map(char::to_lowercase).collect())
    }

    fn matches(&self, other: &Self) -> bool {
        if self.kind != other.kind {
            return false;
        }
        self.value == other.value
            || matches!((self.prepared(), other.prepared()), (Some(one), Some(two)) if one == two)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        let same_place = |one: &Vec<Attribute>, other: &Vec<Attribute>| {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|own| other.iter().any(|theirs| own.matches(theirs)))
                && other
                    .iter()
                    .all(|own| one.iter().any(|theirs| own.matches(theirs)))
        };
        self.content == other.content
            || (self.places.len() == other.places.len()
                && self
                    .places
                    .iter()
                    .zip(&other.places)
                    .all(|(one, other)| same_place(one, other)))
    }
}

impl Eq for Name {}

impl Default for Name {
    /// The empty name.
    fn default() -> Self {
        Self {
            content: Vec::new(),
            places: Vec::new(),
        }
    }
}

/// As RFC 4514 text with every string readable; not safe to print, see [`super::shown`].
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self.written(&|attribute| Some(format!("{}={}", attribute.key()?, escaped(&attribute.text()?)))),
        )
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::shown(self))
    }
}

/// From RFC 4514 text.
impl FromStr for Name {
    type Err = der::Error;

    fn from_str(text: &str) -> der::Result<Self> {
        Self::try_from(&x509_cert::name::Name::from_str(text)?)
    }
}

impl TryFrom<&x509_cert::name::Name> for Name {
    type Error = der::Error;

    fn try_from(name: &x509_cert::name::Name) -> der::Result<Self> {
        Self::from_der(&name.to_der()?).map_err(|_| Tag::Sequence.value_error().into())
    }
}

impl FixedTag for Name {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for Name {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        Self::from_content(&reader.read_vec(header.length())?).map_err(|_| Tag::Sequence.value_error().into())
    }
}

impl EncodeValue for Name {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.content.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.content)
    }
}

/// A string of ASN.1 by its tag. A TeletexString is read as Latin-1, which is what is in it (T.61 is read by nobody).
pub(crate) fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        0x0c => std::str::from_utf8(content).ok().map(str::to_owned),
        0x12 | 0x13 | 0x16 | 0x1a => content.is_ascii().then(|| latin(content)),
        0x14 => Some(latin(content)),
        0x1c => {
            let (units, []) = content.as_chunks::<4>() else {
                return None;
            };
            units
                .iter()
                .map(|unit| char::from_u32(u32::from_be_bytes(*unit)))
                .collect()
        }
        0x1e => {
            let (units, []) = content.as_chunks::<2>() else {
                return None;
            };
            char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
                .collect::<Result<_, _>>()
                .ok()
        }
        _ => None,
    }
}

fn latin(content: &[u8]) -> String {
    content.iter().copied().map(char::from).collect()
}

/// RFC 4514 section 2.4.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (place, c) in text.chars().enumerate() {
        match c {
            '#' if place == 0 => out.push_str("\\#"),
            ' ' if place == 0 || place == last => out.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

macro_rules! keys {
    ($name:ident: $(#[$doc:meta])* $($number:literal $key:literal)*) => {
        $(#[$doc])*
        const $name: &[(ObjectIdentifier, &str)] = &[$((ObjectIdentifier::new_unwrap($number), $key)),*];
    };
}

keys! {
    SHORT:
    /// RFC 4514 section 3.
    "2.5.4.3" "CN"
    "2.5.4.7" "L"
    "2.5.4.8" "ST"
    "2.5.4.10" "O"
    "2.5.4.11" "OU"
    "2.5.4.6" "C"
    "2.5.4.9" "STREET"
    "0.9.2342.19200300.100.1.25" "DC"
    "0.9.2342.19200300.100.1.1" "UID"
}

keys! {
    KEYS:
    /// Attributes that the library's table lacks, as OpenSSL calls them: of EV and PSD2 certificates, of people and devices.
    "2.5.4.15" "businessCategory"
    "2.5.4.16" "postalAddress"
    "2.5.4.17" "postalCode"
    "2.5.4.46" "dnQualifier"
    "2.5.4.54" "dmdName"
    "2.5.4.65" "pseudonym"
    "2.5.4.72" "role"
    "2.5.4.97" "organizationIdentifier"
    "1.2.840.113549.1.9.2" "unstructuredName"
    "1.2.840.113549.1.9.8" "unstructuredAddress"
    "1.3.6.1.4.1.311.60.2.1.1" "jurisdictionL"
    "1.3.6.1.4.1.311.60.2.1.2" "jurisdictionST"
    "1.3.6.1.4.1.311.60.2.1.3" "jurisdictionC"
    "1.3.6.1.4.1.37244.1.1" "matterNodeId"
    "1.3.6.1.4.1.37244.1.4" "matterRcacId"
    "1.3.6.1.4.1.37244.1.5" "matterFabricId"
    "1.2.643.100.1" "OGRN"
    "1.2.643.3.131.1.1" "INN"
    "1.3.6.1.4.1.4710.1.3.2" "companyID"
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON_NAME: [u8; 5] = [0x06, 3, 0x55, 0x04, 0x03];

    /// One attribute of a string type.
    fn name(kind: &[u8], tag: u8, content: &[u8]) -> Name {
        let pair = [kind, &asn1::wrap(tag, content)].concat();
        let place = asn1::wrap(asn1::SET, &asn1::wrap(asn1::SEQUENCE, &pair));
        Name::from_content(&place).expect("a name")
    }

    #[test]
    fn a_name_is_text_in_every_string_type() {
        for (tag, content) in [
            (0x0c, "COMPAÑIA".as_bytes().to_vec()),
            (0x14, b"COMPA\xd1IA".to_vec()),
            (
                0x1e,
                "COMPAÑIA".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            ),
            (
                0x1c,
                "COMPAÑIA"
                    .chars()
                    .flat_map(|c| u32::from(c).to_be_bytes())
                    .collect(),
            ),
        ] {
            assert_eq!(
                name(&COMMON_NAME, tag, &content).to_string(),
                "CN=COMPAÑIA",
                "{tag:#x}"
            );
        }
        // Half a character is none.
        assert_eq!(
            name(&COMMON_NAME, 0x1e, b"\0a\0").to_string(),
            "2.5.4.3=#1e03006100"
        );
    }

    #[test]
    fn an_attribute_beyond_the_nine_has_its_name_and_the_strict_form_its_number() {
        let organization_identifier = [0x06, 3, 0x55, 0x04, 97];
        let name = name(&organization_identifier, 0x0c, b"PSDDE-EXA-123456");
        assert_eq!(name.to_string(), "organizationIdentifier=PSDDE-EXA-123456");
        assert_eq!(name.strict(), "2.5.4.97=#0c1050534444452d4558412d313233343536");
    }

    #[test]
    fn names_are_equal_whatever_the_string_type_the_case_and_the_blanks() {
        let one = name(&COMMON_NAME, 0x13, b"Acme Issuing");
        for (tag, text) in [
            (0x0c, "Acme Issuing"),
            (0x16, "ACME issuing"),
            (0x14, " Acme   Issuing "),
        ] {
            let other = name(&COMMON_NAME, tag, text.as_bytes());
            assert_eq!(one, other, "{text}");
            assert!(!one.is_written_as(&other));
        }
        for text in ["Acme Issuin", "AcmeIssuing", "Acme Issuing 2", ""] {
            assert_ne!(one, name(&COMMON_NAME, 0x13, text.as_bytes()), "{text}");
        }
        let organization = [0x06, 3, 0x55, 0x04, 10];
        assert_ne!(one, name(&organization, 0x13, b"Acme Issuing"));
        assert_ne!(one, Name::default());
        assert_ne!(name(&COMMON_NAME, 0x1e, b"a"), name(&COMMON_NAME, 0x1e, b"b"));
    }

    #[test]
    fn the_order_of_the_places_counts_and_that_within_one_does_not() {
        let name = |text: &str| Name::from_str(text).expect("a name");
        assert_ne!(name("CN=a,O=b"), name("O=b,CN=a"));
        assert_eq!(name("CN=a,O=b"), name("cn=A,o=B"));
        assert_ne!(name("CN=a+O=b"), name("CN=a,O=b"));
    }

    #[test]
    fn bytes_that_are_no_name_are_refused() {
        for content in [&[0x31][..], &[0x31, 0], &[0x30, 0], &[0x31, 2, 0x30, 0]] {
            assert_eq!(
                Name::from_content(content).err(),
                Some(Flaw("name")),
                "{content:?}"
            );
        }
    }
}
