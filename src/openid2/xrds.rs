//! Reading XRDS documents: services, their types and URIs. OpenID Authentication 2.0 §7.3.2.

use quick_xml::NsReader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

/// The namespace of the elements that are read.
const XRD: &str = "xri://$xrd*($v*2.0)";
/// The namespace of `Delegate`, OpenID 1's element for the local identifier.
const OPENID_1: &str = "http://openid.net/xmlns/1.0";

/// The largest document that is read, in bytes.
pub(super) const MAX_DOCUMENT: usize = 128 * 1024;
/// The deepest nesting of elements.
const MAX_DEPTH: usize = 16;
/// The largest number of services, and of the types and URIs of a service.
const MAX_ENTRIES: usize = 64;

/// A service of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Service {
    priority: Option<u64>,
    pub(super) types: Vec<String>,
    /// The URIs, the best first.
    pub(super) uris: Vec<String>,
    pub(super) local_id: Option<String>,
    /// The local identifier of OpenID 1.
    pub(super) delegate: Option<String>,
}

/// The element that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Xrds,
    Xrd,
    Service,
    Type,
    Uri,
    LocalId,
    Delegate,
    Other,
}

/// Reads the services of a document's last `XRD`, the best first. Returns `None` if it is not an
/// XRDS document, declares a document type or entities, or is too large or too deep.
pub(super) fn services(document: &[u8]) -> Option<Vec<Service>> {
    let document =
        std::str::from_utf8(document).ok().filter(|document| document.len() <= MAX_DOCUMENT)?;
    let mut reader = NsReader::from_str(document.strip_prefix('\u{feff}').unwrap_or(document));
    reader.config_mut().expand_empty_elements = true;
    let mut found = XrdsContent::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().ok()?;
        match event {
            Event::Start(start) => {
                let element = element(&namespace, &start);
                found.open(element, &start)?;
            }
            Event::End(_) => found.close()?,
            Event::Text(text) => found.text.push_str(&text.xml10_content()),
            Event::CData(text) => found.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => found.text.push_str(&resolved(&reference)?),
            // Document types are not needed, and their entities were used for attacks.
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::Empty(_) => {}
        }
    }
    if !found.open.is_empty() || !found.has_xrd {
        return None;
    }
    let mut services = found.services;
    services.sort_by_key(|service| service.priority.unwrap_or(u64::MAX));
    Some(services)
}

/// Returns the character of a numeric reference, or of one of the five named references of XML.
fn resolved(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(char) = reference.resolve_char_ref().ok()? {
        return Some(char.to_string());
    }
    resolve_xml_entity(&reference.xml10_content()).map(str::to_owned)
}

fn element(namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Element {
    let namespace = match namespace {
        ResolveResult::Bound(Namespace(namespace)) => *namespace,
        _ => "",
    };
    match (namespace, start.local_name().into_inner()) {
        ("xri://$xrds", "XRDS") => Element::Xrds,
        (XRD, "XRD") => Element::Xrd,
        (XRD, "Service") => Element::Service,
        (XRD, "Type") => Element::Type,
        (XRD, "URI") => Element::Uri,
        (XRD, "LocalID") => Element::LocalId,
        (OPENID_1, "Delegate") => Element::Delegate,
        _ => Element::Other,
    }
}

/// The state of reading.
#[derive(Default)]
struct XrdsContent {
    open: Vec<Element>,
    has_root: bool,
    has_xrd: bool,
    services: Vec<Service>,
    /// The service that is being read, and its URIs with their priorities.
    service: Service,
    uris: Vec<(u64, String)>,
    /// The priority of the URI that is being read.
    priority: Option<u64>,
    text: String,
}

impl XrdsContent {
    fn open(&mut self, element: Element, start: &BytesStart<'_>) -> Option<()> {
        let is_root = self.open.is_empty();
        let second_root = is_root && std::mem::replace(&mut self.has_root, true);
        if self.open.len() == MAX_DEPTH || second_root || (is_root && element != Element::Xrds) {
            return None;
        }
        match element {
            // The last `XRD` is that of the identifier. The others lead to it.
            Element::Xrd if self.open == [Element::Xrds] => {
                self.services.clear();
                self.has_xrd = true;
            }
            Element::Service => {
                self.service = Service { priority: priority(start)?, ..Service::default() };
                self.uris.clear();
            }
            Element::Uri => self.priority = priority(start)?,
            _ => {}
        }
        self.text.clear();
        self.open.push(element);
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let element = self.open.pop()?;
        let text = || Some(self.text.trim().to_owned()).filter(|text| !text.is_empty());
        if self.open == [Element::Xrds, Element::Xrd, Element::Service] {
            match element {
                Element::Type => self.service.types.extend(text()),
                Element::Uri => {
                    self.uris.extend(text().map(|uri| (self.priority.unwrap_or(u64::MAX), uri)));
                }
                Element::LocalId => {
                    self.service.local_id = self.service.local_id.take().or_else(text);
                }
                Element::Delegate => {
                    self.service.delegate = self.service.delegate.take().or_else(text);
                }
                _ => {}
            }
        } else if element == Element::Service && self.open == [Element::Xrds, Element::Xrd] {
            self.uris.sort_by_key(|(priority, _)| *priority);
            let mut service = std::mem::take(&mut self.service);
            service.uris = self.uris.drain(..).map(|(_, uri)| uri).collect();
            self.services.push(service);
        }
        self.text.clear();
        let most = self.services.len().max(self.service.types.len()).max(self.uris.len());
        (most <= MAX_ENTRIES).then_some(())
    }
}

/// Returns the priority attribute: a lower number is better. If it is missing or not a number, the
/// priority is the worst. `None` if the attributes cannot be read.
fn priority(start: &BytesStart<'_>) -> Option<Option<u64>> {
    let attribute = start.try_get_attribute("priority").ok()?;
    Some(attribute.and_then(|attribute| attribute.value.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xrds:XRDS xmlns:xrds=\"xri://$xrds\" \
             xmlns=\"xri://$xrd*($v*2.0)\"><XRD>{inside}</XRD></xrds:XRDS>"
        )
    }

    fn read(inside: &str) -> Option<Vec<Service>> {
        services(document(inside).as_bytes())
    }

    /// Appendix A.3.
    #[test]
    fn the_example_of_the_specification() {
        let services = read(
            "<Service xmlns=\"xri://$xrd*($v*2.0)\">\n  \
             <Type>http://specs.openid.net/auth/2.0/signon</Type>\n  \
             <URI>https://www.exampleprovider.com/endpoint/</URI>\n  \
             <LocalID>https://exampleuser.exampleprovider.com/</LocalID>\n</Service>",
        )
        .unwrap();
        assert_eq!(services[0].types, ["http://specs.openid.net/auth/2.0/signon"]);
        assert_eq!(services[0].uris, ["https://www.exampleprovider.com/endpoint/"]);
        assert_eq!(
            services[0].local_id.as_deref(),
            Some("https://exampleuser.exampleprovider.com/")
        );
    }

    #[test]
    fn priorities_order_services_and_uris() {
        let services = read(
            "<Service><Type>none</Type></Service><Service priority=\"20\"><Type>b</Type></Service>\
             <Service priority=\"3\"><Type>a</Type><URI>last</URI><URI priority=\"2\">second</URI>\
             <URI priority=\"1\">first</URI></Service>",
        )
        .unwrap();
        let types: Vec<_> = services.iter().map(|service| service.types[0].as_str()).collect();
        assert_eq!(types, ["a", "b", "none"]);
        assert_eq!(services[0].uris, ["first", "second", "last"]);
    }

    #[test]
    fn a_priority_that_is_not_a_number_is_the_lowest() {
        for odd in ["high", "", "-1", "1.5", "99999999999999999999999", "null"] {
            let services = read(&format!(
                "<Service priority=\"{odd}\"><Type>b</Type></Service>\
                 <Service priority=\" 7 \"><Type>a</Type>\
                 <URI priority=\"{odd}\">second</URI><URI priority=\"20\">first</URI></Service>"
            ))
            .unwrap();
            let types: Vec<_> = services.iter().map(|service| service.types[0].as_str()).collect();
            assert_eq!(types, ["a", "b"], "{odd}");
            assert_eq!(services[0].uris, ["first", "second"], "{odd}");
        }
        assert_eq!(read("<Service priority=high/>"), None, "no XML");
    }

    #[test]
    fn the_last_xrd_counts_and_namespace_prefixes_do_not_matter() {
        let document = "<a:XRDS xmlns:a='xri://$xrds' xmlns:b='xri://$xrd*($v*2.0)' \
            xmlns:o='http://openid.net/xmlns/1.0'>\
            <b:XRD><b:Service><b:Type>first</b:Type></b:Service></b:XRD>\
            <b:XRD><b:Service><b:Type> la<![CDATA[s]]>t&amp;&#x31; </b:Type>\
            <o:Delegate>d</o:Delegate><URI>foreign</URI>\
            </b:Service></b:XRD></a:XRDS>";
        let services = services(document.as_bytes()).unwrap();
        assert_eq!(services.len(), 1);
        assert_eq!(services[0].types, ["last&1"]);
        assert_eq!(services[0].delegate.as_deref(), Some("d"));
        assert!(services[0].uris.is_empty());
    }

    #[test]
    fn elements_that_are_nested_elsewhere_are_ignored() {
        let services = read(
            "<x><Service><Type>a</Type></Service></x><Service><x><Type>b</Type></x></Service>",
        )
        .unwrap();
        assert_eq!(services, [Service::default()]);
    }

    #[test]
    fn a_document_type_entities_depth_and_size_are_refused() {
        let laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
        let with_type = document("<Service/>").replace("?>\n", &format!("?>\n{laughs}"));
        assert_eq!(services(with_type.as_bytes()), None);
        for inside in [
            "<Service><Type>&a;</Type></Service>",
            "<Service><Type>&nbsp;</Type></Service>",
            "<Service><Type>&#0;</Type></Service>",
            &format!("{}{}", "<x>".repeat(40), "</x>".repeat(40)),
            &"<Service/>".repeat(100),
            &format!("<Service>{}</Service>", "<URI>x</URI>".repeat(100)),
            &" ".repeat(MAX_DOCUMENT),
            "<Service>",
            "</Service>",
            "</XRD></xrds:XRDS><xrds:XRDS xmlns:xrds='xri://$xrds'><XRD>",
        ] {
            assert_eq!(read(inside), None, "{}", &inside[..inside.len().min(80)]);
        }
    }

    #[test]
    fn another_kind_of_document_is_refused() {
        for document in ["", "x", "<XRDS/>", "<html/>", "<x:XRDS xmlns:x='xri://$xrds'/>", "\u{0}"]
        {
            assert_eq!(services(document.as_bytes()), None, "{document}");
        }
        assert_eq!(services(b"\xff\xfe<"), None);
    }
}
