//! Connections that a handler can cut off, as a failing network does.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The connection is as it should be.
const WHOLE: u8 = 0;
/// The connection ends in good order.
const CLOSED: u8 = 1;
/// The connection ends with a TCP reset.
const RESET: u8 = 2;

/// A handler's hold on its connection.
#[derive(Clone, Default)]
pub(crate) struct Cut(Arc<AtomicU8>);

impl Cut {
    /// Cuts the connection: nothing more is written, and it ends with a TCP reset.
    pub(crate) fn reset(&self) {
        self.0.store(RESET, Ordering::Relaxed);
    }

    /// Cuts the connection: nothing more is written, and it ends as if all were said.
    pub(crate) fn close(&self) {
        self.0.store(CLOSED, Ordering::Relaxed);
    }

    fn how(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connected<IncomingStream<'_, Connections>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().cut.clone()
    }
}

/// Accepts connections.
pub(crate) struct Connections(TcpListener);

impl Connections {
    /// Takes over a listener that is in non-blocking mode.
    pub(crate) fn new(listener: std::net::TcpListener, runtime: &Runtime) -> io::Result<Self> {
        let _entered = runtime.enter();
        TcpListener::from_std(listener).map(Self)
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without it, small answers wait for the caller's acknowledgement. The connection works
        // even where the option is refused.
        stream.set_nodelay(true).ok();
        let cut = Cut::default();
        (Connection { stream, cut }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection, which fails to write once it is cut.
pub(crate) struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl Connection {
    fn writable(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if self.cut.how() != WHOLE {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(Pin::new(&mut self.stream))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.cut.how() == RESET {
            // Closing a socket that does not linger resets the connection. If the option is
            // refused, the connection ends without a reset, but ends.
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().writable()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .writable()?
            .poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().writable()?.poll_shutdown(context)
    }
}
