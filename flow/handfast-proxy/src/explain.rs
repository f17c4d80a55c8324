//! What a refused client is told where its host explains (`on-refusal`): a code, a sentence, and the number under which
//! the operator finds the rest.
//!
//! In: a stream whose client has proven nothing that counts, and how its connection ended. Out: nothing. No backend is known
//! here, so that no byte of such a client can reach one.

use std::{convert::Infallible, pin::pin};

use bytes::Bytes;
use handfast_pki::{Code, code};
use handfast_tls::{Established, ServerStream};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, sync::Notify};

/// What a client may be told that is not let in: what it can read in its own certificate, and what its CA publishes. What a CA
/// keeps to itself, and which CA is believed about which names, stays with the operator, as it does with an alert.
fn told(code: Code) -> Code {
    match code {
        code::NOT_ISSUED => code::REVOKED,
        code::FOREIGN_NAME => code::NOT_ALLOWED,
        other => other,
    }
}

/// Answers the first request of a client that was refused with `code`, and ends the connection. The deadline is that of
/// the handshake, which has not ended well.
pub(crate) async fn serve(
    stream: Box<ServerStream<TcpStream>>,
    established: Established,
    code: Code,
    connection: u64,
) {
    let (answered, code) = (Notify::new(), told(code));
    let service = service_fn(|request: http::Request<Incoming>| {
        answered.notify_one();
        let answer = answer(request.headers(), code, connection);
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let io = TokioIo::new(stream);
    // However it ends, the client was refused before.
    if established.alpn == Some("h2") {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_concurrent_streams(1).max_header_list_size(16 << 10);
        let mut connection = pin!(builder.serve_connection(io, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = answered.notified() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    } else {
        let mut builder = http1::Builder::new();
        builder.keep_alive(false).max_header_size(16 << 10);
        let _ = builder.serve_connection(io, service).await;
    }
}

fn answer(headers: &HeaderMap, code: Code, connection: u64) -> Response<Full<Bytes>> {
    let (media_type, text) = if is_browser(headers) {
        ("text/html; charset=utf-8", page(code, connection))
    } else {
        ("application/problem+json", problem(code, connection))
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::FORBIDDEN;
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Browsers name HTML; who takes anything is a program.
fn is_browser(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// What a person can do about it; who has sent no certificate is told of none.
fn advice(code: Code) -> &'static str {
    if code == code::NO_CERTIFICATE {
        "this service needs a client certificate, and this connection has none"
    } else {
        "the certificate of this connection does not open this service"
    }
}

/// RFC 9457.
fn problem(code: Code, connection: u64) -> String {
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": code.title(),
        "status": StatusCode::FORBIDDEN.as_u16(),
        "detail": format!("{}; its operator finds the reason by the number of the connection", advice(code)),
        "code": code.to_string(),
        "connection": connection,
    });
    format!("{problem}\n")
}

/// The same for people. Titles and codes are texts of ours, without a character that HTML reads.
fn page(code: Code, connection: u64) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{code}</title>\n\
         <h1>Access denied</h1>\n<p>{title} [{code}].</p>\n\
         <p>Here {advice}. The operator finds the reason by the number <b>{connection}</b>.</p></html>\n",
        title = code.title(),
        advice = advice(code)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_needs_quoting_in_html() {
        for (_, title) in code::ALL {
            assert!(!title.contains(['<', '>', '&', '"']), "{title}");
        }
    }

    #[test]
    fn a_stranger_is_told_no_more_than_an_alert_would_tell() {
        assert_eq!(
            told(code::NOT_ISSUED),
            code::REVOKED,
            "what a CA has given is its own"
        );
        assert_eq!(
            told(code::FOREIGN_NAME),
            code::NOT_ALLOWED,
            "so is whom we believe what"
        );
        for code in [
            code::NO_CERTIFICATE,
            code::EXPIRED,
            code::REVOKED,
            code::UNKNOWN_ISSUER,
        ] {
            assert_eq!(told(code), code);
        }
    }

    #[test]
    fn who_sent_no_certificate_is_told_of_none() {
        let told = |code| [problem(code, 7), page(code, 7)];
        for text in told(code::NO_CERTIFICATE) {
            assert!(text.contains("this connection has none"), "{text}");
            assert!(!text.contains("the certificate of this connection"), "{text}");
        }
        for text in told(code::NOT_ALLOWED) {
            assert!(text.contains("the certificate of this connection"), "{text}");
            assert!(text.contains('7'), "{text}");
        }
    }

    #[test]
    fn browsers_get_a_page_and_programs_a_problem() {
        let media_type = |accept: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            answer(&headers, code::NOT_ALLOWED, 7).headers()[CONTENT_TYPE].clone()
        };
        assert_eq!(
            media_type(Some("text/html,application/xhtml+xml,*/*;q=0.8")),
            "text/html; charset=utf-8"
        );
        for accept in [None, Some("*/*"), Some("application/json")] {
            assert_eq!(media_type(accept), "application/problem+json", "{accept:?}");
        }
    }
}
