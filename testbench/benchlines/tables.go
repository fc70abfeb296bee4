package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/linesim/central"
)

// The goals of what the lines must show.
const (
	goalRelease = 99.5 // per cent within 2 s of the first evidence
	goalID      = 99.0
	goalHours   = 20.0
)

// mark is the sign of a goal that was reached or missed.
func mark(reached bool) string {
	if reached {
		return "✓"
	}
	return "✗"
}

// talkers reads what both sides of the calls say.
func talkers() (voices, error) {
	es, err := ownPrompts("es")
	if err != nil {
		return voices{}, err
	}
	en, err := ownPrompts("en")
	return voices{
		far: turns(loud(en, -18), 3500, 3000), listener: turns(loud(en, -18), 1500, 4500),
		near: turns(loud(en, -20), 3000, 3500), prompt: loud(es, -16),
	}, err
}

// releaseTable is how calls ended over whole offices.
func releaseTable(w io.Writer, s settings) error {
	v, err := talkers()
	if err != nil {
		return err
	}
	all, err := releases(s.calls, s.seed, v, s.rows)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n## Release: %d countries, %d ways, %d lines, %d calls each on a line that learns\n\n", len(countries), central.Ways, len(conditions), s.calls)
	fmt.Fprint(w, conditionText)
	byWay(w, all)
	byCountry(w, all)
	first, good := firstCalls(all)
	n := count(all, ended.good)
	share := 100 * float64(n) / float64(max(1, len(all)))
	fmt.Fprintf(w, "\nReleased within 2 s of the first evidence: **%d of %d calls, %.2f %%** (goal %g %%) %s\n", n, len(all), share, goalRelease, mark(share >= goalRelease))
	fmt.Fprintf(w, "First calls ever on a line: %d of %d.\n", good, first)
	fmt.Fprintf(w, "\nPeers, of design/figures.md: busy tone is decided by spandsp in 1.2 s and by Asterisk's busydetect in 3.1 s; of nine countries' tones at −35 dBm0 busydetect finds none.\n")
	listBad(w, all, s.rows != "")
	return nil
}

const conditionText = `Clean is 1 km; noisy 2 km, hiss of −48, hum of −38 dBm0 and 20 clicks a minute; attenuated 6 km and tones 6 dB
lower; echoing 2.5 km, a card at 900 Ω and the far subscriber's echo. On our side a prompt plays on, or a person talks
in turns with the far one and goes on, but where silence is the only sign. The first evidence is the first thing that the machine is told: a drop, a reversal,
a tone recognised; of silence it is the end of the limit, set to 60 s here. Drops are 50 to 1000 ms wide.

`

func count(all []ended, ok func(ended) bool) (n int) {
	for _, e := range all {
		if ok(e) {
			n++
		}
	}
	return n
}

// spread is the median and the worst of times.
func spread(d []time.Duration) string {
	if len(d) == 0 {
		return "–"
	}
	slices.Sort(d)
	return fmt.Sprintf("%.2f / %.2f", d[len(d)/2].Seconds(), d[len(d)-1].Seconds())
}

// pick returns the calls of one way and line; "" is all.
func pick(all []ended, country string, way central.Way, line string) (out []ended) {
	for _, e := range all {
		if (country == "" || e.country == country) && (way == central.Ways || e.way == way) && (line == "" || e.line == line) {
			out = append(out, e)
		}
	}
	return out
}

func byWay(w io.Writer, all []ended) {
	fmt.Fprintln(w, "| way | line | within 2 s | from the evidence, s (median / worst) | from the hang-up, s (median / worst) |\n|---|---|---|---|---|")
	for way := range central.Ways {
		for _, c := range conditions {
			part := pick(all, "", way, c.name)
			if len(part) == 0 {
				continue
			}
			var evidence, onset []time.Duration
			for _, e := range part {
				if e.found {
					evidence, onset = append(evidence, e.evidence), append(onset, e.onset)
				}
			}
			fmt.Fprintf(w, "| %s | %s | %d of %d | %s | %s |\n", wayText[way], c.name, count(part, ended.good), len(part), spread(evidence), spread(onset))
		}
	}
}

var wayText = [central.Ways]string{"loop drop (CPC)", "busy tone", "polarity reversal", "congestion tone", "dial tone returns",
	"a tone no plan knows", "silence only", "short drop, dial tone, howler"}

// byCountry prints every row of the table in short.
func byCountry(w io.Writer, all []ended) {
	fmt.Fprint(w, "\nEach row, calls within 2 s and worst seconds from the evidence: clean, noisy, attenuated, echoing.\n\n| country |")
	for way := range central.Ways {
		fmt.Fprintf(w, " %s |", wayText[way])
	}
	fmt.Fprintf(w, "\n|%s\n", strings.Repeat("---|", int(central.Ways)+1))
	for _, country := range countries {
		if len(pick(all, country, central.Ways, "")) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s |", country)
		for way := range central.Ways {
			var cells []string
			for _, c := range conditions {
				part := pick(all, country, way, c.name)
				worst := time.Duration(0)
				for _, e := range part {
					worst = max(worst, e.evidence)
				}
				cells = append(cells, fmt.Sprintf("%d/%d %.1f", count(part, ended.good), len(part), worst.Seconds()))
			}
			fmt.Fprintf(w, " %s |", strings.Join(cells, ", "))
		}
		fmt.Fprintln(w)
	}
}

func firstCalls(all []ended) (n, good int) {
	for _, e := range all {
		if e.call == 0 {
			n++
			if e.good() {
				good++
			}
		}
	}
	return n, good
}

// listBad prints the calls that were not found in time, with what happened when few
// were asked for.
func listBad(w io.Writer, all []ended, whole bool) {
	bad := 0
	for _, e := range all {
		if e.good() {
			continue
		}
		if bad++; bad > 40 && !whole {
			continue
		}
		if bad == 1 {
			fmt.Fprintf(w, "\nNot in time:\n\n")
		}
		fmt.Fprintf(w, "- %s, %s, %s, call %d %s: %.1f s from the evidence, %.1f s from the hang-up: %s\n", e.country, e.way, e.line, e.call, e.detail, e.evidence.Seconds(), e.onset.Seconds(), e.why)
		if whole {
			fmt.Fprintf(w, "\n```\n%s\n```\n", e.trace)
		}
	}
	if bad > 40 && !whole {
		fmt.Fprintf(w, "- and %d more\n", bad-40)
	}
}

// falseTable is what releases nothing.
func falseTable(w io.Writer, s settings) error {
	v, err := talkers()
	if err != nil {
		return err
	}
	all, err := sources(s.quick, s.seed)
	if err != nil {
		return err
	}
	rows := listenTo(all, v.prompt, func(done int) {
		if done%20 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d calls heard\n", done, len(all))
		}
	})
	fmt.Fprintf(w, "\n## False releases\n\nCalls of up to 20 minutes that go on, heard by the plans of all %d countries in turn.\n\n| sound | hours | calls cut |\n|---|---|---|\n", len(plan.Countries()))
	hours, cuts := 0.0, 0
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %.2f | %d |\n", r.kind, r.hours, len(r.cuts))
		hours += r.hours
		cuts += len(r.cuts)
	}
	fmt.Fprintf(w, "\n**%d calls cut in %.1f hours** (goal 0 in %g) %s\n", cuts, hours, goalHours, mark(cuts == 0 && (hours >= goalHours || s.quick)))
	fmt.Fprintf(w, "\nPeers, of design/figures.md: on 1.4 h of speech spandsp tells 282 to 591 false tones by country, Asterisk's busydetect 4, its progress detector 3918 (ES).\n")
	for _, r := range rows {
		for i, c := range r.cuts {
			if i < 10 {
				fmt.Fprintf(w, "\n- %s, %s, after %.1f s: %s\n\n```\n%s\n```\n", c.source.name, c.country, c.at.Seconds(), c.why, c.trace)
			}
		}
	}
	return nil
}

// callerIDTable is which messages came right.
func callerIDTable(w io.Writer, s settings) error {
	rows, err := callerIDs(s.messages, s.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n## Caller id over the pair, %d messages each\n\n| country | way |", s.messages)
	for _, l := range idLines {
		fmt.Fprintf(w, " %s |", l.name)
	}
	fmt.Fprintf(w, " told wrongly |\n|%s\n", strings.Repeat("---|", len(idLines)+3))
	right, sent, wrong, worst := 0, 0, 0, 100.0
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s |", r.way.country, r.way.name)
		mine := 0
		of := 0
		for k, n := range r.right {
			fmt.Fprintf(w, " %.0f %% |", 100*float64(n)/float64(r.sent))
			if !idLines[k].beyond {
				mine, of = mine+n, of+r.sent
			}
		}
		worst = min(worst, 100*float64(mine)/float64(of))
		right, sent, wrong = right+mine, sent+of, wrong+r.wrong
		fmt.Fprintf(w, " %d |\n", r.wrong)
	}
	fmt.Fprintf(w, "\nThe last line is worse than any that is asked for, and does not count. Peers, of design/figures.md: at 12 dB of SNR spandsp takes 100 %% of both standards, at 8 dB 44 and 8 %%; below −27 dBm0 it takes none.\n")
	fmt.Fprintf(w, "\nRight: **%.2f %% of %d messages**, the worst way %.1f %%; %d told wrongly (goal %g %%, 0) %s\n",
		100*float64(right)/float64(sent), sent, worst, wrong, goalID, mark(worst >= goalID && wrong == 0))
	for _, r := range rows {
		for _, b := range r.bad {
			fmt.Fprintln(w, "-", b)
		}
	}
	return nil
}
