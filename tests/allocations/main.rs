//! Limits for the allocations of clients and servers. The allocator counts for each thread
//! separately.

mod oauth1;
mod oauth2_client;
mod oauth2_server;
