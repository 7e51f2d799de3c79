//! Who signed whom: a walk from the leaf over names and signatures to the trust store. Owns the cap on signature
//! checks and the faults that the shape of the walk shows; what is wrong with a path that does reach a root is
//! `refusal`'s.

use std::collections::{HashMap, VecDeque};

use rustls::pki_types::TrustAnchor;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::parsed::Parsed;
use super::refusal;
use super::signature::signature_algorithm;
use super::trust_store::TrustStore;
use super::verify::{Check, verify};
use crate::observation::{ChainFault, Misuse};

/// Most signatures checked for one chain, so that a hostile one costs little.
const MAX_SIGNATURE_CHECKS: u32 = 100;

/// A fault and, where the fault does not say it all, words for it.
pub(super) type Fault = (ChainFault, Option<(Misuse, String)>);

/// The certificates of a chain, the leaf first, and which signatures were found to be whose.
pub(super) struct Chain<'c, 'a> {
    pub(super) certificates: &'c [Parsed<'a>],
    /// By signed certificate and contents of the signer's key.
    checked: HashMap<(usize, Vec<u8>), Check>,
    checks_left: u32,
}

impl<'c, 'a> Chain<'c, 'a> {
    pub(super) fn new(certificates: &'c [Parsed<'a>]) -> Self {
        Self { certificates, checked: HashMap::new(), checks_left: MAX_SIGNATURE_CHECKS }
    }

    /// Whether issuer and subject are the same and the certificate's own key signed it. Where that cannot be
    /// checked (DSA, Ed448 …) the key identifiers decide, since such a certificate names no other issuer either.
    pub(super) fn is_self_signed(&mut self, index: usize) -> bool {
        let Some(certificate) = self.certificates.get(index) else { return false };
        certificate.is_self_issued()
            && match self.signed_by(index, index) {
                Some(Check::Verified) => true,
                Some(Check::Unsupported) => !certificate.names_another_key_than(certificate),
                Some(Check::Failed) | None => false,
            }
    }

    /// Whether each certificate certifies the one before it, as far as that can be checked.
    pub(super) fn is_in_order(&mut self) -> bool {
        (1..self.certificates.len()).all(|issuer| {
            let signed = issuer.saturating_sub(1);
            self.is_named_as_issuer(issuer, signed)
                && matches!(self.signed_by(signed, issuer), Some(Check::Verified | Check::Unsupported))
        })
    }

    /// Whether a path leads from the leaf to a root, and what is in its way.
    pub(super) fn find_path(&mut self, store: &TrustStore, at: i64) -> Result<(), Fault> {
        let Some(leaf) = self.certificates.first() else {
            return Err((ChainFault::MissingIntermediate, None));
        };
        if self.is_self_signed(0) {
            // Given by name, so it needs no path; otherwise nobody but itself vouches for it.
            let given = store.holds(leaf.subject, leaf.key);
            return if given { Ok(()) } else { Err((ChainFault::SelfSigned, None)) };
        }
        let walk = self.walk(store);
        match walk.trail() {
            Some(trail) => refusal::validate(self.certificates, &walk.useful(), &trail, store, at),
            None => Err(self.fault_of(&walk)),
        }
    }

    /// The key that signed the leaf, as a `SubjectPublicKeyInfo`, DER: of a certificate sent or of a trusted root.
    pub(super) fn key_of_issuer(&mut self, store: &TrustStore) -> Option<Vec<u8>> {
        let certificates = self.certificates;
        let leaf = certificates.first()?;
        for issuer in 0..certificates.len() {
            if self.is_named_as_issuer(issuer, 0) && self.signed_by(0, issuer) == Some(Check::Verified) {
                return Some(certificates.get(issuer)?.x509.tbs_certificate.subject_pki.raw.to_vec());
            }
        }
        for anchor in store.anchors.iter().filter(|anchor| anchor.subject.as_ref() == leaf.issuer) {
            if self.signed_by_anchor(0, anchor) == Some(Check::Verified) {
                return Some(webpki::spki_for_anchor(anchor).as_ref().to_vec());
            }
        }
        None
    }

    /// The certificates at which ways from the leaf end without issuer.
    pub(super) fn ends(&mut self, store: &TrustStore) -> Vec<usize> {
        self.walk(store).ends
    }

    fn is_named_as_issuer(&self, issuer: usize, signed: usize) -> bool {
        match (self.certificates.get(issuer), self.certificates.get(signed)) {
            (Some(issuer), Some(signed)) => issuer.subject == signed.issuer,
            _ => false,
        }
    }

    /// Whose signature it is; `None` once too many were checked.
    fn signed_by(&mut self, signed: usize, issuer: usize) -> Option<Check> {
        let certificates = self.certificates;
        let issuer = certificates.get(issuer)?;
        self.check(signed, issuer.key, &issuer.x509.tbs_certificate.subject_pki)
    }

    fn signed_by_anchor(&mut self, signed: usize, anchor: &TrustAnchor<'_>) -> Option<Check> {
        let info = webpki::spki_for_anchor(anchor);
        match SubjectPublicKeyInfo::from_der(info.as_ref()) {
            Ok((_, key)) => self.check(signed, anchor.subject_public_key_info.as_ref(), &key),
            Err(_) => Some(Check::Unsupported),
        }
    }

    fn check(&mut self, signed: usize, contents: &[u8], key: &SubjectPublicKeyInfo<'_>) -> Option<Check> {
        let question = (signed, contents.to_vec());
        if let Some(known) = self.checked.get(&question) {
            return Some(*known);
        }
        self.checks_left = self.checks_left.checked_sub(1)?;
        let found = verify(&self.certificates.get(signed)?.x509, key);
        self.checked.insert(question, found);
        Some(found)
    }

    /// Visits every certificate that can be reached from the leaf; each once, so circles end. Signatures that
    /// cannot be checked are followed only when nothing else is left and no root was reached.
    fn walk(&mut self, store: &TrustStore) -> Walk {
        let mut walk = Walk::new(self.certificates.len());
        let mut queue = VecDeque::from([0]);
        let mut doubtful = VecDeque::new();
        loop {
            while let Some(current) = queue.pop_front() {
                self.look_for_anchor(current, store, &mut walk);
                let is_end = self.look_for_issuers(current, &mut walk, &mut queue, &mut doubtful);
                if is_end && !walk.reaches(current) && walk.uncertain_anchor != Some(current) {
                    walk.ends.push(current);
                }
            }
            if !walk.anchors.is_empty() {
                return walk;
            }
            let Some((signed, issuer)) = doubtful.pop_front() else { return walk };
            if walk.visit(issuer, signed) {
                walk.assumed.get_or_insert(signed);
                queue.push_back(issuer);
            }
        }
    }

    fn look_for_anchor(&mut self, current: usize, store: &TrustStore, walk: &mut Walk) {
        let Some(certificate) = self.certificates.get(current) else { return };
        let candidates = store.anchors.iter().enumerate();
        for (index, anchor) in candidates.filter(|(_, anchor)| anchor.subject.as_ref() == certificate.issuer)
        {
            match self.signed_by_anchor(current, anchor) {
                Some(Check::Verified) if walk.assumed.is_none() => walk.anchors.push((current, index)),
                Some(Check::Verified | Check::Unsupported) => {
                    walk.assumed.get_or_insert(current);
                    walk.uncertain_anchor.get_or_insert(current);
                }
                Some(Check::Failed) => walk.refuted.push(current),
                None => walk.gave_up = true,
            }
        }
    }

    /// Queues the issuers of `current`; returns whether there are none.
    fn look_for_issuers(
        &mut self,
        current: usize,
        walk: &mut Walk,
        queue: &mut VecDeque<usize>,
        doubtful: &mut VecDeque<(usize, usize)>,
    ) -> bool {
        if current != 0 && self.is_self_signed(current) {
            walk.unknown_root = true;
            return false;
        }
        let mut is_end = true;
        for issuer in 0..self.certificates.len() {
            if !self.is_named_as_issuer(issuer, current) {
                continue;
            }
            match self.signed_by(current, issuer) {
                // Itself, and not self-signed: only a broken signature matters.
                Some(Check::Verified | Check::Unsupported) if issuer == current => {}
                Some(Check::Verified) => {
                    is_end = false;
                    walk.edges.push((current, issuer));
                    if walk.visit(issuer, current) {
                        queue.push_back(issuer);
                    }
                }
                Some(Check::Unsupported) => {
                    is_end = false;
                    doubtful.push_back((current, issuer));
                }
                Some(Check::Failed) if self.is_another_key(issuer, current) => {}
                Some(Check::Failed) => walk.refuted.push(current),
                None => walk.gave_up = true,
            }
        }
        is_end
    }

    /// A certificate of the issuer's name that by the key identifiers holds another key: not the issuer, so a
    /// signature that it did not make is no fault of the signature.
    fn is_another_key(&self, issuer: usize, signed: usize) -> bool {
        match (self.certificates.get(issuer), self.certificates.get(signed)) {
            (Some(issuer), Some(signed)) => signed.names_another_key_than(issuer),
            _ => false,
        }
    }

    /// Why a walk that reached no root for certain did not.
    fn fault_of(&self, walk: &Walk) -> Fault {
        if walk.uncertain_anchor.is_some() {
            let name = walk.assumed.and_then(|index| self.certificates.get(index)).map_or_else(
                String::new,
                |signed| {
                    let algorithm = signature_algorithm(&signed.x509.signature_algorithm).name;
                    format!("{} is signed with {algorithm}, which is not accepted", refusal::called(signed))
                },
            );
            return (ChainFault::Unusable, Some((Misuse::Signature, name)));
        }
        if walk.unknown_root {
            return (ChainFault::UntrustedRoot, None);
        }
        if walk.gave_up {
            let words = format!("more than {MAX_SIGNATURE_CHECKS} signatures would have to be checked");
            return (ChainFault::Unusable, Some((Misuse::Other, words)));
        }
        match walk.ends.as_slice() {
            [] => {
                let words = "the certificates sent certify each other in a circle".to_owned();
                (ChainFault::Unusable, Some((Misuse::Other, words)))
            }
            ends if ends.iter().all(|end| walk.refuted.contains(end)) => (ChainFault::BadSignature, None),
            _ => (ChainFault::MissingIntermediate, None),
        }
    }
}

/// What a walk found. Certificates are numbers, 0 the leaf.
struct Walk {
    /// Whom each certificate was reached from; `None` where it was not reached.
    reached_from: Vec<Option<usize>>,
    /// (signed, issuer), verified.
    edges: Vec<(usize, usize)>,
    /// (signed, number of the anchor), verified all the way.
    anchors: Vec<(usize, usize)>,
    /// Certificates without issuer.
    ends: Vec<usize>,
    /// Certificates that somebody of the issuer's name did not sign.
    refuted: Vec<usize>,
    /// A self-signed certificate was reached that is no anchor.
    unknown_root: bool,
    /// The first certificate whose signature could not be checked and was followed all the same.
    assumed: Option<usize>,
    /// A certificate below an anchor that was reached over such signatures.
    uncertain_anchor: Option<usize>,
    /// The cap on signature checks was met.
    gave_up: bool,
}

impl Walk {
    fn new(certificates: usize) -> Self {
        Self {
            reached_from: vec![None; certificates],
            edges: Vec::new(),
            anchors: Vec::new(),
            ends: Vec::new(),
            refuted: Vec::new(),
            unknown_root: false,
            assumed: None,
            uncertain_anchor: None,
            gave_up: false,
        }
    }

    /// Notes that a certificate was reached; returns whether for the first time.
    fn visit(&mut self, issuer: usize, from: usize) -> bool {
        match self.reached_from.get_mut(issuer) {
            Some(place) if issuer != 0 && place.is_none() => {
                *place = Some(from);
                true
            }
            _ => false,
        }
    }

    fn reaches(&self, certificate: usize) -> bool {
        self.anchors.iter().any(|(signed, _)| *signed == certificate)
    }

    /// The shortest way found from the leaf to an anchor: certificates, the leaf first, and the anchor.
    fn trail(&self) -> Option<(Vec<usize>, usize)> {
        let (top, anchor) = *self.anchors.first()?;
        let mut trail = vec![top];
        let mut current = top;
        while let Some(below) = self.reached_from.get(current).copied().flatten() {
            trail.push(below);
            current = below;
        }
        trail.reverse();
        Some((trail, anchor))
    }

    /// The issuers that lie on any way from the leaf to an anchor.
    fn useful(&self) -> Vec<usize> {
        let mut useful: Vec<usize> = self.anchors.iter().map(|(signed, _)| *signed).collect();
        let mut next = 0;
        while let Some(issuer) = useful.get(next).copied() {
            for (signed, _) in self.edges.iter().filter(|(_, above)| *above == issuer) {
                if !useful.contains(signed) {
                    useful.push(*signed);
                }
            }
            next = next.saturating_add(1);
        }
        useful.sort_unstable();
        useful.dedup();
        useful.retain(|index| *index != 0);
        useful
    }
}
