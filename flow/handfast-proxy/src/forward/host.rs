//! The one host that a request is for.

use handfast_values::{Authority, AuthorityError};
use http::{HeaderValue, Request, Version, header::HOST};

use super::unacceptable::{Unacceptable, WhyHost};

/// The target's authority where it has one (RFC 9112 section 3.2.2), else Host. A request of HTTP/1.1 has exactly one
/// Host (section 3.2), also with an authority, and both agree. `None` where Host says it already.
pub(super) fn of<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Unacceptable> {
    let mut named = request.headers().get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err(Unacceptable::Host(WhyHost::Several));
    }
    if first.is_none() && request.version() == Version::HTTP_11 {
        return Err(Unacceptable::Host(WhyHost::None));
    }
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    if let (Some(authority), Some(host)) = (authority, first)
        && !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())
    {
        return Err(Unacceptable::Host(WhyHost::Contradicts));
    }
    match (authority, first) {
        (None, Some(host)) => must_be_one(host.as_bytes()).map(|()| None),
        (Some(authority), _) => {
            must_be_one(authority.as_bytes())?;
            // Of letters and digits, which are always a header value.
            let host = HeaderValue::from_str(authority);
            host.map(Some)
                .map_err(|_| Unacceptable::Host(AuthorityError::Sign.into()))
        }
        (None, None) if request.version() < Version::HTTP_11 => Ok(Some(HeaderValue::from_static(""))),
        _ => Err(Unacceptable::Host(WhyHost::None)),
    }
}

fn must_be_one(text: &[u8]) -> Result<(), Unacceptable> {
    let text = std::str::from_utf8(text).map_err(|_| AuthorityError::Sign);
    let read = text.and_then(Authority::read);
    read.map(drop).map_err(|error| Unacceptable::Host(error.into()))
}
