//! What is put into a life on purpose: cases that chance alone meets too seldom, and rows of program files.

use super::draw::{CAHS, Draw, HOSPITALS, SPECIALTIES, TINS, beside};
use super::rows::{Claim, Day, Designation, Life, Line, Payment};

impl Draw<'_> {
    /// One case, met or missed by a day as often as not.
    pub(super) fn plant(&mut self, life: &mut Life) {
        if self.world.py >= 2025 && self.dice.one_in(2) {
            return self.practitioner_now_physician_before(life);
        }
        match self.dice.below(5) {
            0 => self.visit_in_a_stay(life),
            1 | 2 => self.tie(life),
            3 => self.telephone_visit(life),
            _ => self.prolonged_visit(life),
        }
    }

    fn plain_line(&mut self, last: Day, hcpcs: &'static str, allowed: i64) -> Line {
        Line {
            claim: self.claim(),
            line: 1,
            claim_type: 71,
            first: Some(last),
            last,
            processed: None,
            denial: "1",
            processing: "A",
            hcpcs,
            specialty: "11",
            place: "11",
            tin: self.dice.pick(&TINS[..4]),
            paid: 4_900,
            allowed,
            reduction: 0,
        }
    }

    fn visit_in_a_stay(&mut self, life: &mut Life) {
        let day = self.day();
        let hcpcs = self.dice.pick(&["99308", "99318", "99497", "99498"]);
        let mut line = self.plain_line(day, hcpcs, 7_700);
        line.first = if self.dice.one_in(3) { Some(beside(day, -1)) } else { None };
        life.lines.push(line);
        let mut claim = Claim {
            claim: self.claim(),
            claim_type: if hcpcs.starts_with("994") { 60 } else { self.dice.pick(&[20, 30]) },
            bill: "21",
            from: day,
            thru: day,
            admitted: None,
            discharge: None,
            status: "01",
            processed: None,
            nonpayment: "",
            ccn: "010077",
            attending: "",
            other: "",
            rendering: "",
            diagnoses: "I10",
            paid: 98_000,
            deductible: 0,
            coinsurance: 0,
            extras: [0; 5],
            reduction: 0,
            centers: Vec::new(),
        };
        self.stay(&mut claim, life);
        life.claims.push(claim);
    }

    /// Equal sums, and a last visit with or without a charge that may break the tie.
    fn tie(&mut self, life: &mut Life) {
        let day = self.day();
        for tin in [self.dice.pick(&TINS), self.dice.pick(&TINS)] {
            let mut line = self.plain_line(day, "99213", 33_300);
            line.specialty = self.dice.pick(&["11", "50", "06"]);
            line.tin = tin;
            life.lines.push(line.clone());
            if self.dice.one_in(2) {
                let specialty = self.dice.pick(&["11", "97", "06"]);
                let last = beside(day, self.dice.pick(&[-1, 1]));
                life.lines.push(Line { claim: self.claim(), specialty, last, first: None, allowed: 0, ..line });
            }
        }
    }

    /// What step 3 asks for, at the same practice or at two.
    fn practitioner_now_physician_before(&mut self, life: &mut Life) {
        let charges = [5_000, 5_001, 0];
        let (now_cents, before_cents) = (self.dice.pick(&charges), self.dice.pick(&charges));
        let now = self.day();
        let practitioner = self.plain_line(now, "99213", now_cents);
        let before = (now.0 - 1, now.1, self.dice.pick(&[now.2.min(28), 1, 28]));
        let specialty = self.dice.pick(&["11", "06", "93"]);
        let physician = self.plain_line(before, "99213", before_cents);
        let tin = if self.dice.one_in(3) { physician.tin } else { practitioner.tin };
        life.lines.push(Line { specialty: self.dice.pick(&["50", "97"]), ..practitioner });
        life.lines.push(Line { specialty, tin, ..physician });
    }

    fn telephone_visit(&mut self, life: &mut Life) {
        let days = [
            (2019, 12, 31),
            (2020, 1, 1),
            (2023, 5, 11),
            (2023, 5, 12),
            (2023, 12, 31),
            (2024, 12, 31),
            (2024, 12, 31),
            (2025, 1, 1),
        ];
        let day = self.dice.pick(&days);
        let hcpcs = self.dice.pick(&["99441", "99443", "99421"]);
        life.lines.push(self.plain_line(day, hcpcs, 6_600));
    }

    /// An add-on and what may be its base.
    fn prolonged_visit(&mut self, life: &mut Life) {
        let day = self.day();
        let add_on = self.dice.pick(&["99354", "99355"]);
        let line = self.plain_line(day, add_on, 8_800);
        let base = Line {
            line: 2,
            specialty: self.dice.pick(&["11", "93"]),
            hcpcs: self.dice.pick(&["99213", "99308", "99355", "71046"]),
            last: if self.dice.one_in(3) { beside(day, 1) } else { day },
            first: None,
            denial: if self.dice.one_in(6) { "0" } else { "1" },
            ..line.clone()
        };
        life.lines.extend([line, base]);
    }

    /// A stay around a service that asks about stays, one day off as often as not.
    pub(super) fn stay(&mut self, claim: &mut Claim, life: &mut Life) {
        let asks = |line: &&mut Line| line.hcpcs.starts_with("993") || line.hcpcs.starts_with("9949");
        let near = life.lines.iter_mut().filter(asks).last();
        let day = match near {
            Some(line) => line.first.unwrap_or(line.last).min(line.last),
            None => claim.thru,
        };
        (claim.from, claim.thru) = match self.dice.below(5) {
            0 => (day, beside(day, 1)),
            1 => (beside(day, -1), day),
            2 => (beside(beside(day, -1), -1), beside(day, -1)),
            3 => (beside(day, 1), beside(beside(day, 1), 1)),
            _ => (beside(day, -1), beside(day, 1)),
        };
        claim.discharge = (!self.dice.one_in(6)).then_some(claim.thru);
        claim.processed = self.processed(claim.thru);
        claim.ccn = if self.dice.one_in(2) { self.dice.pick(&HOSPITALS) } else { self.dice.pick(&CAHS) };
        claim.diagnoses = self.dice.pick(&["I10", "U071", "I10 B9729", "J128 U071", "B9729"]);
        if self.dice.one_in(2) {
            claim.extras = [100, 10, 200, 20, 3_000];
        }
    }

    /// Rows of program files.
    pub(super) fn files(&mut self, life: &mut Life) {
        let year = self.year;
        if self.dice.one_in(3) {
            let cut = |year: i32| [(year - 1, 9, 30), (year - 1, 10, 1), (year - 1, 10, 31), (year - 1, 11, 1)];
            let others = [(2019, 4, 30), (2019, 5, 1), (2016, 2, 2), (year - 1, 4, 4)];
            let mut days: Vec<Day> = cut(year).into_iter().chain(others).collect();
            for _ in 0..self.dice.from(1, 2) {
                let on = days.swap_remove(self.dice.below(days.len()));
                let ended =
                    [None, None, None, Some((year - 1, 9, 29)), Some((year - 1, 9, 30)), Some((year - 1, 10, 30))];
                life.designations.push(Designation {
                    on,
                    ended: self.dice.pick(&ended).filter(|ended| *ended >= on),
                    tin: self.dice.pick(&TINS),
                    specialty: self.dice.pick(&SPECIALTIES),
                });
            }
        }
        if self.dice.one_in(6) {
            let start = self.world.acos[self.dice.below(self.world.acos.len())].start;
            let days = [None, Some(start), Some(beside(start, -1)), Some((year, 12, 31)), Some((year - 1, 6, 1))];
            life.elsewhere.push((self.dice.pick(&[year, year, year - 1, self.world.py]), self.dice.pick(&days)));
        }
        if self.dice.one_in(8) {
            life.esrd.push((year, self.dice.pick(&[0, 1, 0xfff, 0x0f0])));
        }
        if self.dice.one_in(6) {
            life.subsidy.push((year, self.dice.pick(&[0, 1, 12])));
        }
        if self.dice.one_in(6) {
            let cents = self.dice.pick(&[100, -300, 77_777]);
            let month = self.dice.from(1, 12);
            life.payments.push(Payment { year, month, is_final: !self.dice.one_in(3), cents });
        }
    }
}
