//! How often clients and servers allocate: claims that an allocator checks that counts for each
//! thread.

mod oauth1;
mod oauth2_client;
mod oauth2_server;
