package claim

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 28, 10, 30, 0, 0, time.UTC)

// bench drives a machine as its shell does: randomness comes when it is asked for.
type bench struct {
	m    *Machine
	rnd  *mathrand.Rand
	now  time.Time
	code string // shown
	all  []Effect
}

func newBench(claimed bool, seed uint64) *bench {
	b := &bench{m: New(claimed), rnd: mathrand.New(mathrand.NewPCG(seed, 1)), now: start}
	b.step(TimedOut{})
	return b
}

// step feeds ev and answers with what came out, randomness served.
func (b *bench) step(ev Event) []Effect {
	out := b.m.Step(b.now, ev, nil)
	for i := 0; i < len(out); i++ {
		switch e := out[i].(type) {
		case NeedRandom:
			var r Random
			for j := range r.Bytes {
				r.Bytes[j] = byte(b.rnd.Uint32())
			}
			out = b.m.Step(b.now, r, out)
		case Show:
			b.code = e.Code
		case Hide:
			b.code = ""
		}
	}
	b.all = append(b.all, out...)
	return out
}

// pass lets time go, stepping TimedOut at each deadline.
func (b *bench) pass(d time.Duration) {
	end := b.now.Add(d)
	for {
		at, ok := b.m.Deadline()
		if !ok || at.After(end) {
			break
		}
		b.now = at
		b.step(TimedOut{})
	}
	b.now = end
}

func last[E Effect](out []Effect) (e E, ok bool) {
	for _, x := range out {
		if y, is := x.(E); is {
			e, ok = y, true
		}
	}
	return e, ok
}

const wrong = "0000-0000-0000"

func TestTable(t *testing.T) {
	at := func(d time.Duration) string { return start.Add(d).Format(time.TimeOnly) }
	for _, c := range []struct {
		name    string
		claimed bool
		steps   string // of: right wrong late own, or a duration that passes
		want    string // effects of the last step
		state   State
	}{
		{"a code from the start", false, "", "", Unclaimed},
		{"right at once", false, "right", "admitted; need random; show a code until " + at(Window), Unclaimed},
		{"typed small, with look-alikes", false, "small", "admitted; need random; show a code until " + at(Window), Unclaimed},
		{"one wrong", false, "wrong", "refused, 4 tries left", Unclaimed},
		{"four wrong, then right", false, "wrong wrong wrong wrong right", "admitted; need random; show a code until " + at(Window), Unclaimed},
		{"five wrong", false, "wrong wrong wrong wrong wrong", "locked for 1m0s; show the wait until " + at(time.Minute) + "; refused until " + at(time.Minute), Waiting},
		{"right in the wait", false, "wrong wrong wrong wrong wrong right", "refused until " + at(time.Minute), Waiting},
		{"nothing is no code", false, "empty", "refused, 4 tries left", Unclaimed},
		{"another code after the wait", false, "wrong wrong wrong wrong wrong 1m right", "admitted; need random; show a code until " + at(Window+time.Minute), Unclaimed},
		{"the second wait is longer", false, "wrong wrong wrong wrong wrong 1m wrong wrong wrong wrong wrong",
			"locked for 2m0s; show the wait until " + at(3*time.Minute) + "; refused until " + at(3*time.Minute), Waiting},
		{"the code before costs a try", false, "old", "refused, 4 tries left", Unclaimed},
		{"a code once spent is not good again", false, "right spent", "refused, 4 tries left", Unclaimed},
		{"owned", false, "right own", "hide", Claimed},
		{"owned at the serial line, no code", false, "own", "hide", Claimed},
		{"claimed before the start", true, "right", "refused, 0 tries left", Claimed},
		{"claimed stays claimed", true, "20m own", "", Claimed},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(c.claimed, 7)
			if (b.code == "") != c.claimed {
				t.Fatalf("at the start the code %q is shown", b.code)
			}
			var out []Effect
			spent := ""
			for _, s := range strings.Fields(c.steps) {
				switch s {
				case "right":
					spent = b.code
					out = b.step(Try{b.code})
				case "small":
					out = b.step(Try{" " + strings.NewReplacer("1", "l", "0", "o").Replace(strings.ToLower(b.code)) + " "})
				case "wrong":
					out = b.step(Try{wrong})
				case "empty":
					out = b.step(Try{""})
				case "old":
					before := b.code
					b.pass(Window)
					out = b.step(Try{before})
				case "spent":
					out = b.step(Try{spent})
				case "own":
					out = b.step(Owned{})
				default:
					d, err := time.ParseDuration(s)
					if err != nil {
						t.Fatal(err)
					}
					b.pass(d)
					out = nil
				}
			}
			var got []string
			for _, e := range out {
				got = append(got, e.String())
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("effects %q, want %q", s, c.want)
			}
			if b.m.State() != c.state || (b.code == "") != (c.state != Unclaimed) {
				t.Errorf("state %s with the code %q, want %s: %s", b.m.State(), b.code, c.state, b.m.Describe())
			}
		})
	}
}

// A try after the window, which comes before the loop stepped TimedOut, makes the
// new code at once and costs nothing.
func TestATryAfterTheWindow(t *testing.T) {
	b := newBench(false, 3)
	old := b.code
	b.now = start.Add(Window)
	r, ok := last[Refused](b.step(Try{old}))
	if !ok || r.Left != Tries || b.code == old || b.code == "" {
		t.Errorf("%v, shown %q after %q", r, b.code, old)
	}
}

// TestRandomLives: whatever people do, a code lives at most its window, stands at
// most its tries, is admitted once, and nothing opens in a wait or after the claim.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(300) {
		b, r := newBench(false, seed), mathrand.New(mathrand.NewPCG(seed, 2))
		seen, tries, shown, admitted := map[string]bool{}, 0, b.now, 0
		code := b.code
		for range 200 {
			if code != b.code {
				code, shown, tries = b.code, b.now, 0
				if code != "" && seen[code] {
					t.Fatalf("seed %d: code %q came twice", seed, code)
				}
				seen[code] = code != ""
			}
			state := b.m.State()
			switch n := r.IntN(100); {
			case n < 50:
				b.step(Try{wrong})
				tries++
			case n < 55 && code != "":
				out := b.step(Try{code})
				if _, ok := last[Admitted](out); ok {
					admitted++
					if state != Unclaimed || b.now.Sub(shown) >= Window || tries >= Tries {
						t.Fatalf("seed %d: admitted in state %s, %s after it was shown, %d wrong tries", seed, state, b.now.Sub(shown), tries)
					}
				}
			case n < 56:
				b.step(Owned{})
			default:
				b.pass(time.Duration(r.IntN(400)) * time.Second)
			}
			if at, ok := b.m.Deadline(); ok && at.Sub(b.now) > maxWait {
				t.Fatalf("seed %d: nothing happens until %s", seed, at.Sub(b.now))
			}
			if (b.code != "") != (b.m.State() == Unclaimed) {
				t.Fatalf("seed %d: %s with code %q", seed, b.m.Describe(), b.code)
			}
			if d := b.m.Describe(); code != "" && strings.Contains(d, code) {
				t.Fatalf("seed %d: the description tells the code: %s", seed, d)
			}
		}
	}
}

// TestGuessingIsHopeless: one who guesses without pause for a week has fewer than
// a thousand tries at 2^60 codes.
func TestGuessingIsHopeless(t *testing.T) {
	b := newBench(false, 11)
	judged := 0
	for b.now.Before(start.Add(7 * 24 * time.Hour)) {
		state := b.m.State()
		b.step(Try{wrong})
		if state == Unclaimed {
			judged++
		}
		b.pass(10 * time.Second)
	}
	if judged > 1000 {
		t.Errorf("%d guesses a week", judged)
	}
}

// TestTenThousandCodes: codes come from the machine's randomness alone. Ten
// thousand do not repeat, every letter comes up as often as another in every place,
// and boxes of neighbouring serial numbers have nothing in common: nothing but
// random bytes goes into a code (UK SI 2023/1007, schedule 1, paragraph 1).
func TestTenThousandCodes(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	const boxes = 10_000
	seen, counts := map[string]int{}, [letters][256]int{}
	before, alike := "", 0
	for serial := range boxes {
		m := New(false)
		out := m.Step(start, TimedOut{}, nil)
		var r Random
		if _, err := rand.Read(r.Bytes[:]); err != nil {
			t.Fatal(err)
		}
		show, ok := last[Show](m.Step(start, r, out))
		if !ok || !form.MatchString(show.Code) {
			t.Fatalf("code %q", show.Code)
		}
		if first, twice := seen[show.Code]; twice {
			t.Fatalf("boxes %d and %d have the code %s", first, serial, show.Code)
		}
		seen[show.Code] = serial
		plain := strings.ReplaceAll(show.Code, "-", "")
		for i := range letters {
			counts[i][plain[i]]++
			if before != "" && plain[i] == before[i] {
				alike++
			}
		}
		before = plain
	}
	// Chi-square of 31 degrees of freedom over 12 places: above 75 comes once in 10^5.
	for i := range letters {
		chi, want := 0.0, float64(boxes)/32
		for _, l := range []byte(alphabet) {
			d := float64(counts[i][l]) - want
			chi += d * d / want
		}
		if chi > 85 {
			t.Errorf("place %d: letters are uneven, chi-square %.1f", i, chi)
		}
	}
	// Neighbours share a letter in a place once in 32: 3750 of 120,000, 60 the deviation.
	if alike < 3750-400 || alike > 3750+400 {
		t.Errorf("neighbouring boxes share %d letters, about 3750 are chance", alike)
	}
}

func TestCodeIsTheTopSixtyBits(t *testing.T) {
	for random, want := range map[[Bytes]byte]string{
		{}: "0000-0000-0000",
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0}: "ZZZZ-ZZZZ-ZZZZ",
		{0, 0, 0, 0, 0, 0, 0, 0x1f}:                      "0000-0000-0001",
		{0x08, 0, 0, 0, 0, 0, 0, 0}:                      "1000-0000-0000",
	} {
		if got := Code(random); got != want {
			t.Errorf("Code(%x) = %s, want %s", random, got, want)
		}
	}
	if wide := len(Code([Bytes]byte{})) + len(" 10:00"); wide != 20 {
		t.Errorf("code and time are %d columns wide", wide)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"7K4M-P9XT-2QHD", "7k4m p9xt 2qhd", "", "OILO-0000-0000", "7K4M-P9XT-2QHDX", "ñ", "7K4M–P9XT–2QHD"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if c == "" {
			return
		}
		if len(c) != letters || Clean(c) != c || slices.ContainsFunc([]byte(c), func(b byte) bool { return strings.IndexByte(alphabet, b) < 0 }) {
			t.Errorf("Clean(%q) = %q", s, c)
		}
	})
}
