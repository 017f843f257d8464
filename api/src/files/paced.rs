//! A body that is read a piece at a time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Lets whoever reads it look at each piece before the next.
///
/// `multer`, which reads forms, takes all that has come before it looks at any: from a client that
/// sends faster than we store, up to 128 pieces (as often tokio lets a task go on) of 400 kB (the
/// most that hyper reads at once), however large a part is that we send on.
pub(super) struct Paced {
    body: Body,
    has_given: bool,
}

impl Paced {
    pub(super) fn new(body: Body) -> Self {
        Self { body, has_given: false }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.has_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.has_given = frame.is_some();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::{FromRequest, Multipart, Request};
    use axum::http::header::CONTENT_TYPE;
    use futures::stream;

    use super::Paced;

    #[tokio::test]
    async fn a_form_that_comes_faster_than_it_is_read_is_not_gathered() {
        let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_owned();
        let pieces = std::iter::once(head).chain(std::iter::repeat_n("x".repeat(1_000), 100));
        let pieces = pieces.chain(std::iter::once("\r\n--b--\r\n".to_owned()));
        let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)));
        let request = Request::builder().header(CONTENT_TYPE, "multipart/form-data; boundary=b");
        let request = request.body(Body::new(Paced::new(body))).expect("a request");

        let mut form = Multipart::from_request(request, &()).await.expect("a form");
        let mut field = form.next_field().await.expect("readable").expect("a field");
        let mut total = 0;
        while let Some(piece) = field.chunk().await.expect("readable") {
            assert!(piece.len() <= 2_000, "{} bytes of pieces of a thousand", piece.len());
            total += piece.len();
        }
        assert_eq!(total, 100_000);
    }
}
