package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// wayOf is a way of sending caller id that lines of a country have.
type wayOf struct {
	country string
	name    string
	change  func(c *central.Config)
}

func waysOfSending() []wayOf {
	var out []wayOf
	for _, c := range plan.Countries() {
		how := central.ForCountry(c)
		name := how.ID.Standard.String() + " after the first ring"
		switch {
		case how.ID.Alert > 0:
			name = "V.23 after a reversal and an alert, before the ring"
		case how.IDBefore:
			name = how.ID.Standard.String() + " before the ring"
		}
		out = append(out, wayOf{c, name, func(*central.Config) {}})
	}
	return append(out,
		wayOf{"ES", "V.23 after a short ring", func(c *central.Config) { c.Pulse = true }},
		wayOf{"ES", "V.23 after a reversal, before the ring", func(c *central.Config) { c.IDBefore, c.Turn = true, true }},
		wayOf{"BR", "DTMF after a reversal, before the ring", func(c *central.Config) { c.Turn = true }},
		wayOf{"BR", "Bell 202 after the first ring", func(c *central.Config) { c.ID, c.IDBefore = cid.Sending{}, false }})
}

// idLine is a pair by which caller id comes.
type idLine struct {
	name   string
	cfg    pair.Config
	beyond bool // worse than what is asked for: it does not count
}

var idLines = []idLine{
	{name: "1 km", cfg: pair.Config{Cable: pair.Cable{Km: 1}, Disturbances: pair.Disturbances{Noise: -70}}},
	{name: "noise −45 dBm0", cfg: pair.Config{Cable: pair.Cable{Km: 2}, Disturbances: pair.Disturbances{Noise: -45}}},
	{name: "6 km", cfg: pair.Config{Cable: pair.Cable{Km: 6}, Disturbances: pair.Disturbances{Noise: -65}}},
	{name: "hum −25 dBm0", cfg: pair.Config{Cable: pair.Cable{Km: 2}, Disturbances: pair.Disturbances{Noise: -60, Hum: -25}}},
	{name: "6 km, noise −50, hum −35", cfg: pair.Config{Cable: pair.Cable{Km: 6}, Disturbances: pair.Disturbances{Noise: -50, Hum: -35}}},
	{name: "20 clicks a minute", cfg: pair.Config{Cable: pair.Cable{Km: 2}, Disturbances: pair.Disturbances{Noise: -60, Impulses: 20, ClickPeak: -20}}},
	{name: "a second telephone lifted before", cfg: pair.Config{Cable: pair.Cable{Km: 2}, Handset: true, Disturbances: pair.Disturbances{Noise: -60}}},
	{name: "beyond: 10 km, noise −30, hum −15", cfg: pair.Config{Cable: pair.Cable{Km: 10}, Disturbances: pair.Disturbances{Noise: -30, Hum: -15}}, beyond: true},
}

// idRow is what came of one way of sending, by line.
type idRow struct {
	way   wayOf
	sent  int
	right []int // by line
	wrong int   // messages told that nobody sent
	bad   []string
}

// callerIDs sends n messages each way over each line.
func callerIDs(n int, seed uint64) ([]idRow, error) {
	ways := waysOfSending()
	rows := make([]idRow, len(ways))
	errs := make([]error, len(ways))
	next := make(chan int)
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for i := range next {
				rows[i], errs[i] = sendBy(ways[i], n, seed+uint64(i)*1000)
			}
		})
	}
	for i := range ways {
		next <- i
	}
	close(next)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func sendBy(w wayOf, n int, seed uint64) (idRow, error) {
	row := idRow{way: w, sent: n, right: make([]int, len(idLines))}
	for k, l := range idLines {
		for i := range n {
			cfg := l.cfg
			cfg.Seed = seed + uint64(k*n+i)
			cfg.Office.Impedance, cfg.Port.Impedance = pair.CountryNetwork(w.country), pair.CountryNetwork(w.country)
			cfg.HumHz = mains(w.country)
			right, wrong, said, err := oneID(w, cfg, i)
			if err != nil {
				return row, err
			}
			row.wrong += wrong
			if right {
				row.right[k]++
			} else if len(row.bad) < 5 && !l.beyond {
				row.bad = append(row.bad, fmt.Sprintf("%s, %s, message %d: %s", w.country, l.name, i, said))
			}
		}
	}
	return row, nil
}

// names are whom the messages name.
var callers = []central.Caller{
	{Number: "600123456", Name: "Ana Ruiz"}, {Number: "5512345678", Name: "José Núñez"}, {Number: "02079460123", Name: "J SMITH"},
	{Number: "112"}, {Absence: "P"}, {Absence: "O"}, {Number: "34915551234", Name: "Construcciones y Reformas SL"},
}

// oneID sends one message from an office and receives it at the port on hook. It
// reports whether it came whole and once, and how many others were told.
func oneID(w wayOf, cfg pair.Config, i int) (right bool, wrong int, said string, err error) {
	p, err := pair.New(cfg)
	if err != nil {
		return false, 0, "", err
	}
	office := central.ForCountry(w.country)
	w.change(&office)
	office.Date = cid.Date{Month: uint8(1 + i%12), Day: uint8(1 + i%28), Hour: uint8(i % 24), Minute: uint8(i % 60)}
	who := callers[i%len(callers)]
	l := central.New(office)
	r := cid.NewReceiver()
	var got []cid.Message
	var out, quiet, toPort, toOffice pcm.Frame
	pass := func(d time.Duration) {
		for range d / (pcm.FrameTime * time.Millisecond) {
			l.Frame(&quiet, &out, nil)
			p.Frame(&out, &quiet, &toPort, &toOffice, nil)
			got = r.Process(&toPort, got)
		}
	}
	pass(500 * time.Millisecond) // quiet before
	l.Call(who, nil)
	pass(time.Duration(office.Plan.Ring[0]+4500) * time.Millisecond)
	for _, m := range got {
		said += fmt.Sprintf("%s %q %q %s; ", m.Standard, m.Number, m.Name, m.Absence())
		if same(&m, who, office) {
			right = true
		} else {
			wrong++
		}
	}
	if said == "" {
		said = "nothing"
	}
	return right && len(got) == 1, wrong, said, nil
}

// same compares what was received with what was sent, as far as the way can say it.
func same(m *cid.Message, who central.Caller, office central.Config) bool {
	if m.Number != who.Number || who.Number == "" && m.Absence() != who.Absence || m.Standard != office.ID.Standard {
		return false
	}
	if m.Standard == cid.DTMF {
		return true // digits only
	}
	return m.Name == who.Name && m.Date == office.Date
}
