package console

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/expect"
)

// Bytes that are no text make the line be refused, and a command is not run by them.
func TestGarbage(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		s.Expect("login")
		s.Send("\xff\xfe\x00\x80sta\x81tus\r")
		s.Expect("is it 115200 8N1?")
		if strings.Contains(s.String(), "Calls") {
			t.Error("it ran")
		}
		s.Send(strings.Repeat("\x00", 1000))
		s.Send(strings.Repeat("\x1b\x7f\xf0", 2000) + "\r")
		s.Do("status", "Line 3 is dead")
	})
}

// What may hold a secret is in no history.
func TestHistoryKeepsNoSecret(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Do("agents", "Bruno")
		s.Do("login maria hunter2", "write: login")
		s.Do("config set trunks.x.password hunter2", "> ")
		s.Skip()
		s.Send("\x10")
		s.Expect("agents")
	})
}

// Noise runs nothing: bytes of every kind, and those that a wrong speed makes of typed
// ones, reach no order at all even where the owner has left his session open; and what
// comes back is bounded.
func TestNoiseRunsNothing(t *testing.T) {
	h := &hand{}
	bubble(t, Deps{Control: h, Book: someBook}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Settle(expect.Quiet)
		before := len(s.Raw())
		rng := rand.New(rand.NewPCG(5, 5))
		noise := make([]byte, 100_000)
		for i := range noise {
			if noise[i] = byte(rng.Uint32()); i%3 == 0 {
				noise[i] |= 0x80 // framing errors lean to ones
			}
		}
		for chunk := range slices.Chunk(noise, 500) {
			s.Send(string(chunk))
			s.Settle(expect.Quiet)
		}
		if len(h.did) > 0 {
			t.Errorf("noise ordered %q", h.did)
		}
		if n := len(s.Raw()) - before; n > 20*len(noise) {
			t.Errorf("%d bytes of noise brought %d back", len(noise), n)
		} else {
			t.Logf("%d bytes of noise brought %d back", len(noise), n)
		}
		if err := s.Err(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzCommandLine gives a line to what reads it and to what completes it: both stand
// anything, words hold what was typed and nothing else, and a completion goes on with
// the word that was begun.
func FuzzCommandLine(f *testing.F) {
	for _, s := range []string{"line L2 ca", `line L1 import "{\"a\": 1}"`, "agent pause an", "lang e", "book export ", "'", `"\`, "config set lines.L2.country F", "lines --j", "ñ á"} {
		f.Add(s)
	}
	v := house(time.Unix(0, 0))
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Words(line)
		if err == nil && utf8.RuneCountInString(strings.Join(words, "")) > utf8.RuneCountInString(line) {
			t.Errorf("%q became %q", line, words)
		}
		for role := tel.Nobody; role <= tel.Owner; role++ {
			choices, part := next(line, role, v)
			for _, c := range choices {
				if c.real && !strings.HasPrefix(c.word, part) || c.es == "" && c.en != "" {
					t.Errorf("%q as %s: %+v after %q", line, role, c, part)
				}
			}
		}
	})
}
