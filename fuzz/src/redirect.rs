//! Any redirect: signatures and Authorization headers are not sent to another origin.

use arbitrary::Arbitrary;
use http::Request;
use oauth_proto::oauth1::{
    ClientCredentials, ParameterPlacement, Scheme, Session, TokenCredentials,
};

use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    locations: Vec<(u8, String)>,
    body: Option<Vec<u8>>,
    in_query: bool,
}

pub fn run(Input { locations, body, in_query }: Input) {
    let placement = if in_query { ParameterPlacement::Query } else { ParameterPlacement::Header };
    let client = ClientCredentials::new("key", "secret");
    let token = TokenCredentials::new("token", "secret");
    let mut scheme = Scheme::default();
    scheme.placement = placement;
    let session = Session::from_credentials(&scheme, &client, Some(token.into()));
    let mut request =
        Request::post("https://a.example/x?y=1").body(body.unwrap_or_default()).unwrap();
    session.sign(&mut request, moment(1, 1)).unwrap();

    let mut abroad = false;
    for (index, (status, location)) in locations.into_iter().take(8).enumerate() {
        let status = [301, 302, 303, 307, 308, 200][usize::from(status) % 6];
        let Ok(response) =
            http::Response::builder().status(status).header("location", location).body(())
        else {
            return;
        };
        let entropy = u8::try_from(index).unwrap() + 2;
        let Ok(Some(next)) = session.follow(&request, &response, moment(1, entropy)) else {
            return;
        };
        let home = |request: &Request<Vec<u8>>| {
            let uri = request.uri();
            let is_home = uri.host().is_some_and(|host| host.eq_ignore_ascii_case("a.example"));
            is_home
                && uri.scheme_str() == Some("https")
                && matches!(uri.port_u16(), None | Some(443))
        };
        abroad |= !home(&next);
        let query = next.uri().query().unwrap_or_default();
        let signed =
            next.headers().contains_key("authorization") || query.contains("oauth_signature=");
        assert_eq!(signed, !abroad, "{}", next.uri());
        request = next;
    }
}
