//! Random worlds, small and full of edges: few practices, few amounts, few days, all near each other.

use super::dice::Dice;
use super::law;
use super::lists;
use super::rows::*;

pub(super) const TINS: [&str; 9] = ["T1", "T2", "T3", "T4", "T5", "T8", "T9", "TA", "TB"];
const CLINICS: [&str; 4] = ["011801", "011802", "011803", "013401"];
pub(super) const CAHS: [&str; 2] = ["011301", "211302"];
pub(super) const HOSPITALS: [&str; 8] =
    ["010077", "010078", "210009", "014001", "012001", "013099", "01T077", "01M301"];
const NPIS: [&str; 5] = ["N1", "N2", "N3", "N4", ""];
const COUNTIES: [&str; 6] = ["01001", "01003", "72001", "66010", "99999", ""];

/// Codes with a condition or near the end of a range, one in two; the rest are plain visits.
const CODES: [&str; 72] = [
    "99201", "99215", "99200", "99216", "99304", "99308", "99318", "99319", "99335", "99340", "99341", "99350",
    "99351", "G0402", "G0438", "G0439", "99490", "99495", "G0463", "96160", "96161", "99354", "99355", "99484",
    "99487", "99489", "99492", "99497", "99498", "G0442", "G0506", "99421", "99423", "99439", "99441", "99443",
    "99483", "G2010", "G2012", "G2214", "99424", "99437", "G2212", "G2252", "G0317", "G3002", "96202", "97550",
    "99406", "G0101", "G0136", "G2086", "G2211", "98016", "99452", "G0537", "G0542", "G0556", "G0560", "G0568",
    "G0571", "71046", "99999", "", "70450", "74177", "72148", "70449", "A0424", "A0425", "A0436", "G0439",
];
pub(super) const SPECIALTIES: [&str; 22] = [
    "01", "08", "11", "37", "38", "50", "89", "97", "06", "12", "16", "27", "39", "98", "93", "18", "02", "65", "C0",
    "84", "99", "",
];
const ALLOWED: [i64; 10] = [0, 0, 1, 5_000, 5_000, 5_000, 10_000, 9_999, 2_500, -5_000];

pub(crate) fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let py = 2012 + (seed % 15) as i32;
    let acos = acos(&mut dice, py);
    let mut participants = Vec::new();
    for (at, aco) in acos.iter().enumerate() {
        participants.push((aco.id, TINS[at]));
        if dice.one_in(2) {
            participants.push((aco.id, TINS[at + 1]));
        }
        if at < 2 && dice.one_in(2) {
            participants.push((aco.id, "T8"));
        }
    }
    let complete = dice.pick(&[Complete::Mature, Complete::ThreeMonths, Complete::Through((py, 12, 31))]);
    let mut world = World {
        py,
        seed,
        complete,
        acos,
        participants,
        enrolled: Vec::new(),
        providers: Vec::new(),
        clinicians: Vec::new(),
        eta_hospitals: if dice.one_in(3) { vec![] } else { vec!["010077"] },
        eta_fees: Vec::new(),
        replacing: Vec::new(),
        lives: Vec::new(),
    };
    facilities(&mut dice, &mut world);
    if py >= 2022 && dice.one_in(2) {
        world.replacing.push(("99999", (dice.from(py - 3, py), dice.pick(&[1, 9, 10]), dice.pick(&[1, 30]))));
    }
    let count = 24;
    world.lives = (0..count).map(|number| life(&mut dice, &world, number)).collect();
    world
}

fn acos(dice: &mut Dice, py: i32) -> Vec<Aco> {
    let mut out = Vec::new();
    for id in &["A1", "A2", "A3", "A4"][..dice.from(2, 4) as usize] {
        let start = match dice.from((py - 5).max(2012), py) {
            2012 => (2012, dice.pick(&[4, 7]), 1),
            2019 => (2019, 7, 1),
            year if py - year >= 3 && year < 2017 => (py, 1, 1),
            year => (year, 1, 1),
        };
        let start = if start == (2012, 1, 1) { (2012, 4, 1) } else { start };
        let start = if start == (2019, 1, 1) { (2019, 7, 1) } else { start };
        let prospective = py >= 2016 && dice.one_in(2);
        let half = if start == (2019, 7, 1) { "h2" } else { "full" };
        let period = if py == 2019 { half } else { "full" };
        let track = if start < (2019, 7, 1) { if prospective { "T3" } else { "T1" } } else { "E" };
        out.push(Aco { id, start, prospective, period, track });
    }
    out
}

/// Enrollments of facilities near the turn of the year, some moving, some ended.
fn facilities(dice: &mut Dice, world: &mut World) {
    let py = world.py;
    let days = [
        None,
        Some((2009, 5, 1)),
        Some((py - 1, 12, 31)),
        Some((py, 1, 1)),
        Some((py, 3, 1)),
        Some((py, 12, 31)),
        Some((py + 1, 1, 1)),
    ];
    for ccn in CLINICS.iter().chain(&CAHS).chain(&HOSPITALS) {
        for _ in 0..dice.below(3) {
            let (aco, tin) = dice.pick(&world.participants);
            let count = if dice.one_in(2) { 3 } else { 7 };
            let on = dice.pick(&days[..count]);
            let ended = [None, None, Some((py - 1, 12, 31)), Some((py, 1, 1)), Some((py, 6, 30))];
            let ended = dice.pick(&ended).filter(|ended| on.is_none_or(|on| on <= *ended));
            world.enrolled.push(Enrolled { aco, tin, ccn, on, ended });
        }
    }
    for aco in &world.acos {
        for npi in ["N1", "N2", "N3"] {
            if dice.one_in(2) {
                world.providers.push((aco.id, npi, dice.one_in(2)));
            }
        }
    }
    for npi in ["N1", "N2", "N3"] {
        let turn = dice.pick(&[(py, 5, 1), (py - 1, 1, 1), (py - 2, 10, 15)]);
        let begins = if dice.one_in(2) { None } else { Some((2005, 1, 1)) };
        let next = (turn.0, turn.1, turn.2 + 1);
        world.clinicians.push(Clinician { npi, specialty: dice.pick(&SPECIALTIES[..21]), begins, ends: Some(turn) });
        if dice.one_in(2) {
            world.clinicians.push(Clinician {
                npi,
                specialty: dice.pick(&SPECIALTIES[..21]),
                begins: Some(next),
                ends: None,
            });
        }
    }
    for year in py - 10..=py {
        for code in ["G0463", "99213", "G0438", "99308"] {
            if !dice.one_in(5) {
                world.eta_fees.push((year, code, dice.pick(&ALLOWED)));
            }
        }
    }
}

/// One life: most of what happens to it is near one list.
pub(super) struct Draw<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) world: &'a World,
    /// The year of the list.
    pub(super) year: i32,
    prospective: bool,
    /// Practices that it visits.
    tins: Vec<&'static str>,
    next_claim: i32,
    /// A day that comes back.
    favourite: Day,
}

fn life(dice: &mut Dice, world: &World, number: usize) -> Life {
    let years: Vec<i32> = lists::list_years(world).into_iter().collect();
    let year = if dice.one_in(3) { world.py } else { dice.pick(&years) };
    let tins = (0..dice.from(1, 3)).map(|_| dice.pick(&TINS)).collect();
    let prospective = dice.one_in(2) && world.acos.iter().any(|aco| aco.prospective);
    let next_claim = (number as i32 + 1) * 1000;
    let mut draw = Draw { dice, world, year, prospective, tins, next_claim, favourite: (year, 5, 15) };
    draw.favourite = draw.day();
    draw.life(format!("B{number}"))
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length((year, month): (i32, i32)) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day before or after.
pub(super) fn beside(day: Day, days: i32) -> Day {
    let (year, month, day) = (day.0, day.1, day.2 + days);
    match day {
        0 if month == 1 => (year - 1, 12, 31),
        0 => (year, month - 1, length((year, month - 1))),
        day if day <= length((year, month)) => (year, month, day),
        _ if month == 12 => (year + 1, 1, 1),
        _ => (year, month + 1, 1),
    }
}

impl Draw<'_> {
    fn life(&mut self, id: String) -> Life {
        let born = self.birth();
        let died = self.dice.one_in(6).then(|| self.day());
        let mut years: Vec<Year> = (self.year - 3..=self.world.py.max(self.year) + 1).map(plain_year).collect();
        for _ in 0..[0, 0, 0, 1, 1, 2, 3][self.dice.below(7)] {
            self.disturb(&mut years);
        }
        if self.dice.one_in(20) {
            let at = self.dice.below(years.len());
            years.remove(at);
        }
        let mut life = Life {
            id,
            born,
            died,
            years,
            lines: Vec::new(),
            claims: Vec::new(),
            designations: Vec::new(),
            elsewhere: Vec::new(),
            esrd: Vec::new(),
            subsidy: Vec::new(),
            payments: Vec::new(),
        };
        for _ in 0..self.dice.from(1, 6) {
            self.visit(&mut life);
        }
        for _ in 0..[0, 0, 1, 1, 2][self.dice.below(5)] {
            self.facility(&mut life);
        }
        if self.dice.one_in(2) {
            self.plant(&mut life);
        }
        self.files(&mut life);
        life
    }

    fn birth(&mut self) -> Day {
        match self.dice.below(6) {
            0 => {
                let month = self.dice.pick(&[1, 2, 3, 10]);
                let leap = is_leap(self.year - 65) && month == 2;
                (self.year - 65, month, self.dice.pick(&[1, 2, 15, if leap { 29 } else { 28 }]))
            }
            1 => (1970, 6, 15),
            _ => (1935, 6, 15),
        }
    }

    /// A day in or beside the window of the list, often one of its ends.
    pub(super) fn day(&mut self) -> Day {
        let (first, last) = law::window(self.year, self.prospective);
        let day = match self.dice.below(12) {
            0 => first,
            1 => beside(first, -1),
            2 => last,
            3 => beside(last, 1),
            4 => self.favourite,
            5 => beside(self.favourite, self.dice.pick(&[-1, 1])),
            6 => (first.0 - 1, first.1, first.2),
            7 => (first.0 - 1, self.dice.from(1, 12), self.dice.from(1, 28)),
            8 => {
                let month = self.dice.from(1, 12);
                self.dice.pick(&[(self.year, month, 1), (self.year, month, length((self.year, month)))])
            }
            _ => {
                let month = first.0 * 12 + first.1 - 1 + self.dice.from(0, 11);
                (month / 12, month % 12 + 1, self.dice.from(1, 28))
            }
        };
        day.max((2005, 1, 1))
    }

    pub(super) fn processed(&mut self, day: Day) -> Option<Day> {
        let before = |year: i32| [(year - 1, 12, 31), (year, 1, 1), (year, 3, 31), (year, 4, 1)];
        let ends = [before(self.year + 1), before(self.year)].concat();
        match self.dice.below(10) {
            0 => None,
            1..=3 => Some((self.dice.pick(&ends)).max(day)),
            _ => Some((day.0, day.1, length((day.0, day.1)))),
        }
    }

    /// Other codes for a run of months near the list.
    fn disturb(&mut self, years: &mut [Year]) {
        let (first, last) = law::window(self.year, self.prospective);
        let edges =
            [(first.0, first.1), (last.0, last.1), (self.year, 12), (self.year, 1), (last.0, self.dice.from(1, 12))];
        let (year, month) = self.dice.pick(&edges);
        let begin = year * 12 + month - 1 + self.dice.pick(&[-1, 0, 0, 0, 1]);
        let run = self.dice.pick(&[1, 1, 2, 6, 12, 40]);
        let what = self.dice.below(6);
        let county = self.dice.pick(&COUNTIES);
        let buyin = self.dice.pick(&["0", "1", "2", "A", "B", "C", ""]);
        let plan = self.dice.pick(&["1", "2", "A", "B", "C", "4", ""]);
        let status = self.dice.pick(&["11", "20", "21", "31"]);
        let dual = self.dice.pick(&["01", "02", "03", "04", "08", "09"]);
        for month in begin..begin + run {
            if let Some(year) = years.iter_mut().find(|one| one.year == month / 12) {
                let at = (month % 12) as usize;
                match what {
                    0 => year.county[at] = county,
                    1 => year.buyin[at] = buyin,
                    2 => year.plan[at] = plan,
                    3 => year.status[at] = status,
                    _ => year.dual[at] = dual,
                }
            }
        }
    }

    pub(super) fn claim(&mut self) -> i32 {
        self.next_claim += 1;
        self.next_claim
    }

    fn code(&mut self) -> &'static str {
        if self.dice.one_in(2) { self.dice.pick(&CODES) } else { "99213" }
    }

    pub(super) fn paid(&mut self) -> i64 {
        self.dice.pick(&[0, 1, 49, 98, 4_900, 12_345, 1_000_000, -4_900])
    }

    fn visit(&mut self, life: &mut Life) {
        let last = self.day();
        let claim = self.claim();
        let dme = self.dice.one_in(12);
        let count = if self.dice.one_in(4) { 2 } else { 1 };
        let processed = self.processed(last);
        let denial = if self.dice.one_in(12) { self.dice.pick(&["0", "D", "Y", "C", "Z"]) } else { "1" };
        for line in 1..=count {
            let first = match self.dice.below(8) {
                0 => None,
                1 => Some(beside(last, -1)),
                _ => Some(last),
            };
            let catheter = dme && self.dice.one_in(2);
            let row = Line {
                claim,
                line,
                claim_type: if dme { self.dice.pick(&[81, 82]) } else { self.dice.pick(&[71, 71, 72]) },
                first,
                last: if line == 2 && self.dice.one_in(4) { beside(last, 1) } else { last },
                processed,
                denial,
                processing: if self.dice.one_in(16) { self.dice.pick(&["R", "S", "D", ""]) } else { "A" },
                hcpcs: if catheter { self.dice.pick(&["A4352", "A4353"]) } else { self.code() },
                specialty: if self.dice.one_in(2) { "11" } else { self.dice.pick(&SPECIALTIES) },
                place: self.dice.pick(&["11", "12", "31", "32"]),
                tin: self.dice.pick(&self.tins),
                paid: self.paid(),
                allowed: self.dice.pick(&ALLOWED),
                reduction: if self.dice.one_in(8) { 98 } else { 0 },
            };
            if self.dice.one_in(12) {
                life.lines.push(row.clone());
            }
            life.lines.push(row);
        }
    }

    fn facility(&mut self, life: &mut Life) {
        let kind = self.dice.below(6);
        let thru = self.day();
        let mut claim = Claim {
            claim: self.claim(),
            claim_type: 40,
            bill: "13",
            from: thru,
            thru,
            admitted: None,
            discharge: None,
            status: self.dice.pick(&["01", "30", "01", "03", ""]),
            processed: self.processed(thru),
            nonpayment: if self.dice.one_in(10) { "N" } else { "" },
            ccn: "010077",
            attending: self.dice.pick(&NPIS),
            other: self.dice.pick(&NPIS),
            rendering: if self.dice.one_in(4) { self.dice.pick(&NPIS) } else { "" },
            diagnoses: "I10",
            paid: self.paid(),
            deductible: self.dice.pick(&[0, 0, 500]),
            coinsurance: self.dice.pick(&[0, 0, 1_500]),
            extras: [0; 5],
            reduction: if self.dice.one_in(8) { 196 } else { 0 },
            centers: Vec::new(),
        };
        match kind {
            0 | 1 => {
                claim.bill = self.dice.pick(&["71", "77", "73"]);
                claim.ccn = self.dice.pick(&CLINICS);
                self.centers(&mut claim, &["0521", "0525", "0900"]);
            }
            2 => {
                claim.bill = "85";
                claim.ccn = self.dice.pick(&CAHS);
                self.centers(&mut claim, &["0960", "0971", "0989", "0510"]);
            }
            3 => {
                claim.ccn = self.dice.pick(&HOSPITALS);
                self.centers(&mut claim, &["0510", "0960", "0450", "0459", "0460", "0981"]);
            }
            4 => {
                claim.claim_type = self.dice.pick(&[20, 30, 60, 60]);
                claim.bill = if claim.claim_type == 60 { "11" } else { "21" };
                self.stay(&mut claim, life);
            }
            _ => {
                claim.claim_type = self.dice.pick(&[10, 40, 50]);
                claim.bill = self.dice.pick(&["32", "41", "52", "81"]);
                claim.ccn = self.dice.pick(&HOSPITALS);
            }
        }
        life.claims.push(claim);
        if kind == 4 && self.dice.one_in(2) {
            self.go_on(life);
        }
    }

    /// The stay of the last claim goes on, or another begins in its place.
    fn go_on(&mut self, life: &mut Life) {
        let Some(before) = life.claims.last().cloned() else { return };
        let from = beside(before.thru, 1);
        let admitted = if self.dice.one_in(4) { from } else { before.from };
        let thru = if self.dice.one_in(2) { from } else { beside(from, 1) };
        let status = self.dice.pick(&["01", "30"]);
        let (claim, paid) = (self.claim(), self.paid());
        life.claims.push(Claim { claim, paid, from, thru, admitted: Some(admitted), status, ..before });
    }

    fn centers(&mut self, claim: &mut Claim, codes: &[&'static str]) {
        for line in 1..=self.dice.from(0, 2) {
            let date = match self.dice.below(5) {
                0 => None,
                1 => Some(beside(claim.thru, -1)),
                _ => Some(claim.thru),
            };
            if date.is_some_and(|date| date < claim.from) {
                claim.from = beside(claim.thru, -1);
            }
            claim.centers.push(Center {
                line,
                center: self.dice.pick(codes),
                date,
                hcpcs: if claim.bill == "13" && self.dice.one_in(2) { "G0463" } else { self.code() },
                rendering: self.dice.pick(&NPIS),
                paid: self.dice.pick(&ALLOWED),
                deductible: self.dice.pick(&[0, 0, 500]),
                coinsurance: self.dice.pick(&[0, 0, 1_500]),
            });
        }
    }
}

fn plain_year(year: i32) -> Year {
    Year { year, county: ["01001"; 12], status: ["10"; 12], buyin: ["3"; 12], plan: ["0"; 12], dual: ["NA"; 12] }
}
