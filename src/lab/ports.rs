//! Sockets on loopback: one port number per protocol, the same at every address, so that three numbers map a whole
//! province.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::{TcpListener, UdpSocket};

use super::LabError;

/// How often the kernel is asked for a number that is free at every address.
const TRIES: usize = 64;

/// Listeners at these addresses, in their order, on one port.
pub(super) async fn web(addresses: &[IpAddr]) -> Result<(u16, Vec<TcpListener>), LabError> {
    let mut last = None;
    for _ in 0..TRIES {
        let mut port = 0;
        let mut listeners = Vec::with_capacity(addresses.len());
        for address in addresses {
            match tcp(*address, port).await {
                Ok(listener) => {
                    port = listener.local_addr().map_err(|error| refused(*address, error))?.port();
                    listeners.push(listener);
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    last = Some(refused(*address, error));
                    break;
                }
                Err(error) => return Err(refused(*address, error)),
            }
        }
        if listeners.len() == addresses.len() {
            return Ok((port, listeners));
        }
    }
    Err(last.unwrap_or(LabError::NoAddress))
}

/// UDP and TCP at these addresses on one port.
pub(super) async fn names(addresses: &[IpAddr]) -> Result<(u16, Vec<(UdpSocket, TcpListener)>), LabError> {
    let mut last = None;
    for _ in 0..TRIES {
        let (port, listeners) = web(addresses).await?;
        let mut sockets = Vec::with_capacity(listeners.len());
        for (address, listener) in addresses.iter().zip(listeners) {
            match udp(SocketAddr::new(*address, port)).await {
                Ok(socket) => sockets.push((socket, listener)),
                // what is free for TCP may be taken for UDP
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    last = Some(refused(*address, error));
                    break;
                }
                Err(error) => return Err(refused(*address, error)),
            }
        }
        if sockets.len() == addresses.len() {
            return Ok((port, sockets));
        }
    }
    Err(last.unwrap_or(LabError::NoAddress))
}

/// Whether this machine has an IPv6 loopback.
pub(super) async fn has_ipv6() -> bool {
    TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, 0)).await.is_ok()
}

async fn tcp(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((address, port)).await
}

#[expect(clippy::disallowed_methods, reason = "the lab's name server listens here; nothing is dialled")]
async fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(address).await
}

fn refused(address: IpAddr, error: io::Error) -> LabError {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => LabError::NoLoopback { address },
        _ => LabError::Listen { address, error },
    }
}
