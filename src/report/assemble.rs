//! Judged sites into a report: puts each with its unit, charges, scores, ranks. Owns no formula.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::observation::SiteName;
use crate::rule::{Category, Finding, Level, Owner, Reason, RuleId, Severity, Text};
use crate::score::{
    Cap, Exact, Grade, Group, Item, Method, Score, Step, UnitScore, fold, items, plan, points_lost, ranks,
    score, unit, unit_points_lost, unwaived,
};

use crate::target::{self, Block};

use super::book::{RuleBook, RuleEntry};
use super::cause::{Seen, causes};
use super::charge::{Charge, Ledger, Owned, payer};
use super::findings::Findings;
use super::model::{
    BlockCard, CapCard, FixRule, FixStep, GroupCard, MethodCard, PointsLost, Report, Run, SCHEMA, Share,
    SiteCard, Tenths, UnitCard, Weights, WorstSite,
};
use super::pool::{Kept, Sites};
use super::roster::{Member, Place, Roster};
use super::shared_key::shared_keys;

/// Why judged sites make no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// A site that no unit has.
    #[error(
        "{0} was judged, but no unit of the inventory has it: add it to the inventory, or leave its observations out"
    )]
    UnknownSite(SiteName),
    /// A site that was judged twice in one run.
    #[error("{0} was judged twice in one run: keep one of its observations")]
    JudgedTwice(SiteName),
    /// A site that stands in the inventory twice.
    #[error("{0} stands in the inventory twice: keep it under the unit that answers for it")]
    ListedTwice(SiteName),
    /// An id that stands in the inventory twice.
    #[error("the unit id {0:?} stands in the inventory twice: give each unit its own")]
    UnitTwice(String),
    /// A reference to a unit that is not there.
    #[error(
        "{site} names {unit:?} as whoever runs its server or zone, but there is no such unit: correct the id"
    )]
    UnknownOperator {
        /// The site.
        site: SiteName,
        /// The id.
        unit: String,
    },
    /// A finding of a rule that is not among the rules.
    #[error(
        "{site} has a finding of the unknown rule {rule}: judge its observations again with the rules at hand"
    )]
    UnknownRule {
        /// The site.
        site: SiteName,
        /// The rule.
        rule: RuleId,
    },
}

/// Makes the report of one run. Takes the sites in any order; a site without a judgement is listed as untested. The run
/// is complete only if its caller says so and no site is missing.
pub fn assemble(
    sites: impl Into<Sites>,
    roster: &Roster,
    rules: &RuleBook,
    method: &Method,
    mut run: Run,
) -> Result<Report, AssembleError> {
    let mut judged = collect(sites.into(), roster)?;
    let mut ledger = Ledger::default();
    let mut tested: Vec<Seen<'_>> = Vec::new();
    for (unit, place) in places(roster) {
        let kept = judged.get(&place.site);
        run.complete &= kept.is_some() || place.excluded;
        let addresses = kept.map_or(&[][..], |kept| &kept.report.addresses);
        ledger.book(unit, place, addresses, owned(place, kept, rules, method, &run)?);
        tested.extend(kept.map(|Kept { report, findings }| Seen { unit, place, report, findings }));
    }
    let causes = causes(&tested, rules);
    let shared_keys = shared_keys(&tested);
    let mut units = Vec::new();
    let mut scores = Vec::new();
    for member in &roster.units {
        let (mut own, mut sites) = (Vec::new(), Vec::new());
        for place in &member.sites {
            let kept = judged.remove(&place.site);
            let items = owned(place, kept.as_ref(), rules, method, &run)?;
            own.extend(Charge::of_site(member, place, &items));
            sites.push(site_card(member, place, kept, items, method));
        }
        let charges = ledger.take(&member.id, own);
        let groups: Vec<Group> = charges.iter().map(|charge| charge.group(method)).collect();
        let result = unit(&groups, member.sites.len(), method);
        units.push(unit_card(member, &charges, &groups, &result, sites, method));
        scores.push(result);
    }
    let blocks = rank(&mut units, &scores);
    Ok(Report {
        schema: SCHEMA.to_owned(),
        run,
        method: MethodCard {
            version: method.version().to_owned(),
            rules_hash: rules.hash().to_owned(),
            profile: rules.profile().map(str::to_owned),
            minimum_coverage: method.minimum_coverage(),
            grades: method.grades().to_vec(),
            weights: Some(weights(method)),
        },
        province: roster.province.clone(),
        lead_agency: roster.lead_agency.clone(),
        authorisation: roster.authorisation.clone(),
        previous: None,
        blocks,
        units,
        causes,
        shared_keys,
        rules: rules.entries().cloned().collect(),
    })
}

fn places(roster: &Roster) -> impl Iterator<Item = (&Member, &Place)> {
    roster.units.iter().flat_map(|unit| unit.sites.iter().map(move |place| (unit, place)))
}

/// The judged sites by name, once the roster is known to hold together.
fn collect(sites: Sites, roster: &Roster) -> Result<HashMap<SiteName, Kept>, AssembleError> {
    let mut ids: HashSet<&str> = HashSet::new();
    for unit in &roster.units {
        if !ids.insert(&unit.id) {
            return Err(AssembleError::UnitTwice(unit.id.clone()));
        }
    }
    let mut listed: HashSet<&SiteName> = HashSet::new();
    for (_, place) in places(roster) {
        if !listed.insert(&place.site) {
            return Err(AssembleError::ListedTwice(place.site.clone()));
        }
        let operators = place.shared_operator.iter().chain(place.zone.as_ref().map(|zone| &zone.operator));
        if let Some(unknown) = operators.into_iter().find(|id| !ids.contains(id.as_str())) {
            return Err(AssembleError::UnknownOperator { site: place.site.clone(), unit: unknown.clone() });
        }
    }
    let mut judged = HashMap::new();
    for kept in sites.into_kept() {
        let site = kept.report.site.clone();
        if !listed.contains(&site) {
            return Err(AssembleError::UnknownSite(site));
        }
        if judged.insert(site.clone(), kept).is_some() {
            return Err(AssembleError::JudgedTwice(site));
        }
    }
    Ok(judged)
}

/// The items of a site, each with its owner; none where the site is excluded.
fn owned(
    place: &Place,
    kept: Option<&Kept>,
    rules: &RuleBook,
    method: &Method,
    run: &Run,
) -> Result<Owned, AssembleError> {
    let Some(Kept { report, findings }) = kept else {
        return Ok(if place.excluded { Vec::new() } else { missing(rules, method, run) });
    };
    let items = items(findings.outlines(), |rule| rules.terms(rule), method)
        .map_err(|unknown| AssembleError::UnknownRule { site: report.site.clone(), rule: unknown.0 })?;
    let owners: BTreeMap<&RuleId, Owner> = findings.outlines().iter().map(|f| (&f.rule, f.owner)).collect();
    let owner = |item: &Item| owners.get(&item.rule).copied().unwrap_or(Owner::Site);
    Ok(items.into_iter().map(|item| (owner(&item), item)).collect())
}

/// The items of a site that was not scanned: every rule that scores could not be tested.
fn missing(rules: &RuleBook, method: &Method, run: &Run) -> Owned {
    let today = target::local_date(run.started_at);
    let scores = |rule: &&RuleEntry| {
        rule.level == Level::Required && rule.effective_from.is_none_or(|from| from <= today)
    };
    let item = |rule: &RuleEntry| {
        (rule.owner, Item::untested(&rule.id, rule.category, rule.severity, rule.minutes, method))
    };
    rules.entries().filter(scores).map(item).collect()
}

fn site_card(unit: &Member, place: &Place, kept: Option<Kept>, items: Owned, method: &Method) -> SiteCard {
    // what a site that was not scanned might have lost is the unit's bracket, not a card's
    let items = fold(items.into_iter().filter(|_| kept.is_some()).map(|(_, item)| item));
    let result = score(&items, method);
    let grade = result.coverage.grade(result.score, method);
    let untested = if place.excluded { Reason::Excluded } else { Reason::Interrupted };
    let mut card = SiteCard {
        host: place.site.host.clone(),
        port: place.site.port,
        importance: place.importance,
        at: None,
        untested: kept.is_none().then_some(untested),
        addresses: Vec::new(),
        server: None,
        software: None,
        behind: Vec::new(),
        products: Vec::new(),
        suspicions: Vec::new(),
        certificate_expires: None,
        score: result.score,
        base: result.base,
        bracket: result.bracket,
        score_with_waivers: unwaived(&items).and_then(|items| score(&items, method).score),
        grade: grade.map(|grade| grade.letter.clone()),
        grade_word: grade_word(grade),
        coverage: result.coverage,
        caps: caps(&result.caps, method),
        points_lost: sorted(points_lost(&items, method)),
        findings: Findings::default(),
        categories: result.categories,
        tls_sheet: None,
    };
    if let Some(Kept { report, mut findings }) = kept {
        card.at = Some(report.at);
        card.addresses = report.addresses;
        let mut software = report.software.into_iter();
        card.software = software.next();
        card.behind = software.collect();
        card.products = report.products;
        card.suspicions = report.suspicions;
        card.server = report.server;
        card.certificate_expires = report.certificate_expires;
        findings.charge(|owner| Some(payer(unit, place, owner).0).filter(|payer| *payer != unit.id));
        card.findings = findings;
    }
    card
}

fn unit_card(
    member: &Member,
    charges: &[Charge],
    groups: &[Group],
    result: &UnitScore,
    sites: Vec<SiteCard>,
    method: &Method,
) -> UnitCard {
    let grade = result.coverage.grade(result.score, method);
    let group_card = |(charge, group): (&Charge, &Group)| {
        let result: Score = score(&group.items, method);
        GroupCard {
            kind: charge.kind,
            name: charge.name.clone(),
            sites: charge.sites().to_vec(),
            weight: group.importance,
            score: result.score,
            base: result.base,
            bracket: result.bracket,
            coverage: result.coverage,
            caps: caps(&result.caps, method),
        }
    };
    UnitCard {
        id: member.id.clone(),
        name: member.name.clone(),
        kind: member.kind,
        block: member.block,
        status: result.standing,
        status_word: result.standing.word(),
        rank: None,
        score: result.score,
        base: result.base,
        bracket: result.bracket,
        change: None,
        trend: Vec::new(),
        score_with_waivers: with_waivers(groups, member.sites.len(), method),
        grade: grade.map(|grade| grade.letter.clone()),
        grade_word: grade_word(grade),
        coverage: result.coverage,
        criticals: result.criticals,
        worst_site: worst(&sites),
        sites_without_high: without_high(&sites),
        points_lost: sorted(unit_points_lost(groups, method)),
        groups: charges.iter().zip(groups).map(group_card).collect(),
        fix_plan: plan(groups, method).iter().filter_map(|step| fix_step(step, charges)).collect(),
        sites,
    }
}

fn weights(method: &Method) -> Weights {
    Weights {
        severity: Severity::ALL.iter().map(|one| (*one, method.severity_weight(*one))).collect(),
        category: Category::ALL.iter().map(|one| (*one, method.category_weight(*one))).collect(),
    }
}

/// The unit's score with waived failures left out; nothing where there are none.
fn with_waivers(groups: &[Group], sites: usize, method: &Method) -> Option<u8> {
    let left = |group: &Group| unwaived(&group.items);
    if groups.iter().all(|group| left(group).is_none()) {
        return None;
    }
    let without =
        |group: &Group| Group { items: left(group).unwrap_or(group.items.clone()), ..group.clone() };
    unit(&groups.iter().map(without).collect::<Vec<_>>(), sites, method).score
}

fn fix_step(step: &Step, charges: &[Charge]) -> Option<FixStep> {
    let charge = charges.get(step.group)?;
    let rule = |rule: &RuleId| FixRule { rule: rule.clone(), sites: charge.failing(rule) };
    Some(FixStep {
        kind: charge.kind,
        name: charge.name.clone(),
        rules: step.rules.iter().map(rule).collect(),
        minutes: step.minutes,
        lifts_cap: step.lifts,
        gain: step.gain,
        base_gain: Tenths::from(&step.base_gain),
        score: step.score,
        grade: step.grade.as_ref().map(|grade| grade.letter.clone()),
        changes_grade: step.changes_grade,
    })
}

fn worst(sites: &[SiteCard]) -> Option<WorstSite> {
    let scored = sites.iter().filter_map(|site| Some((site.score?, site.base, &site.host, site.port)));
    let (score, _, host, port) = scored.min()?;
    Some(WorstSite { host: host.clone(), port, score })
}

fn without_high(sites: &[SiteCard]) -> Share {
    use crate::rule::Verdict;
    let high = |finding: &Arc<Finding>| {
        finding.verdict == Verdict::Fail && finding.severity <= Severity::High && finding.scores()
    };
    let mut share = Share::default();
    for site in sites.iter().filter(|site| site.score.is_some()) {
        share.of += 1;
        share.count += u32::from(!site.findings.outlines().iter().any(high));
    }
    share
}

fn caps(caps: &[Cap], method: &Method) -> Vec<CapCard> {
    let card = |Cap { rule, cap, binding }: &Cap| CapCard {
        rule: rule.clone(),
        cap: *cap,
        binding: *binding,
        reason: method.cap_reason(*cap).cloned(),
    };
    caps.iter().map(card).collect()
}

fn sorted(lost: BTreeMap<RuleId, Exact>) -> Vec<PointsLost> {
    let mut lost: Vec<_> = lost.into_iter().collect();
    lost.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    lost.into_iter().map(|(rule, points)| PointsLost { points: Tenths::from(&points), rule }).collect()
}

fn grade_word(grade: Option<&Grade>) -> Text {
    let none = || Text::new("chưa đủ dữ liệu", "not enough data");
    grade.map_or_else(none, |grade| grade.word.clone())
}

/// Writes the ranks into the cards, block by block, and sums the blocks up.
fn rank(units: &mut [UnitCard], scores: &[UnitScore]) -> Vec<BlockCard> {
    let mut blocks = Vec::new();
    for block in Block::ALL {
        let members = units.iter_mut().zip(scores).filter(|(unit, _)| unit.block == Some(block));
        let mut members: Vec<(&mut UnitCard, &UnitScore)> = members.collect();
        if members.is_empty() {
            continue;
        }
        let ranks = ranks(&members.iter().map(|(_, score)| *score).collect::<Vec<_>>());
        let mut mean = Exact::default();
        let ranked = ranks.iter().flatten().count();
        for ((unit, score), rank) in members.iter_mut().zip(&ranks) {
            unit.rank = *rank;
            if rank.is_some() {
                mean.add(score.score.unwrap_or(0).into(), ranked as u128);
            }
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        blocks.push(BlockCard {
            units: count(members.len()),
            ranked: count(ranked),
            average: (ranked > 0).then(|| Tenths::from(&mean)),
            previous_average: None,
            block,
        });
    }
    blocks
}
