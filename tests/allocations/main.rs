//! Allocations of clients and servers: claims that an allocator checks, which counts for each
//! thread.

mod oauth1;
mod oauth2_client;
mod oauth2_server;
