package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
)

// countries are those of the project's research, part F.
var countries = []string{"ES", "MX", "CL", "AR", "CO", "PE", "US", "GB", "DE", "FR", "BR"}

// condition is what lies between the office and the appliance.
type condition struct {
	name string
	lay  func(country string, seed uint64) pair.Config
	gain float64 // of the office's tones, dB
}

// between returns a pair of a country whose card stands at its own network.
func between(country string, seed uint64, c pair.Config) pair.Config {
	n := pair.CountryNetwork(country)
	c.Office.Impedance, c.Port.Impedance = n, n
	c.Feed, c.Seed = pair.CountryFeed(country), seed
	return c
}

var conditions = []condition{
	{"clean", func(c string, s uint64) pair.Config {
		return between(c, s, pair.Config{Cable: pair.Cable{Km: 1}, Disturbances: pair.Disturbances{Noise: -70}})
	}, 0},
	{"noisy", func(c string, s uint64) pair.Config {
		return between(c, s, pair.Config{Cable: pair.Cable{Km: 2},
			Disturbances: pair.Disturbances{Noise: -48, Pink: true, Hum: -38, HumHz: mains(c), Impulses: 20, ClickPeak: -12}})
	}, 0},
	{"attenuated", func(c string, s uint64) pair.Config {
		return between(c, s, pair.Config{Cable: pair.Cable{Km: 6}, Disturbances: pair.Disturbances{Noise: -65}})
	}, -6},
	{"echoing", func(c string, s uint64) pair.Config {
		cfg := between(c, s, pair.Config{Cable: pair.Cable{Km: 2.5}, Disturbances: pair.Disturbances{Noise: -68}, FarLoss: 14, FarDelay: 8})
		cfg.Port.Impedance = pair.Ohm(900)
		return cfg
	}, 0},
}

// mains is the frequency of a country's power.
func mains(country string) float64 {
	switch country {
	case "US", "MX", "CO", "BR", "PE":
		return 60
	}
	return 50
}

// drops are the widths in ms that ByBattery is tried with.
var drops = []int{50, 90, 200, 350, 600, 1000}

// quietLimit is the setting of the machine for silence both ways in these calls.
const quietLimit = 60 * time.Second

// ended is how one call ended.
type ended struct {
	country string
	way     central.Way
	line    string
	call    int // of this line, from 0
	detail  string

	found           bool
	onset, evidence time.Duration // from the hang-up and from the first sign to the release
	why             string
	trace           string
}

// good reports whether it was found within 2 s of the first evidence.
func (e ended) good() bool { return e.found && e.evidence <= 2*time.Second }

// voices are what the two sides say: a person who talks in turns with an agent, one
// who listens to prompts and says a word now and then, the agent, and the prompts,
// which have no pauses but those between two.
type voices struct{ far, listener, near, prompt []int16 }

// turns lets a voice pause for off ms after each on ms.
func turns(x []int16, on, off int) (out []int16) {
	for n := tone.Ms(on); len(x) > n; x = x[n:] {
		out = append(append(out, x[:n]...), make([]int16, tone.Ms(off))...)
	}
	return out
}

// releases plays n calls on each line of the table and returns how they ended.
func releases(n int, seed uint64, v voices, only string) ([]ended, error) {
	type job struct {
		country string
		way     central.Way
		c       condition
		seed    uint64
	}
	var jobs []job
	for i, country := range countries {
		for way := range central.Ways {
			for k, c := range conditions {
				if only == "" || strings.Contains(fmt.Sprintf("%s/%s/%s", country, way, c.name), only) {
					jobs = append(jobs, job{country, way, c, seed + uint64(i*100+int(way)*10+k)})
				}
			}
		}
	}
	out := make([][]ended, len(jobs))
	errs := make([]error, len(jobs))
	var all sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		all.Go(func() {
			for i := range next {
				j := jobs[i]
				out[i], errs[i] = calls(j.country, j.way, j.c, n, j.seed, v)
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	all.Wait()
	var flat []ended
	for i := range out {
		if errs[i] != nil {
			return nil, fmt.Errorf("%s, %s, %s: %w", jobs[i].country, jobs[i].way, jobs[i].c.name, errs[i])
		}
		flat = append(flat, out[i]...)
	}
	return flat, nil
}

// newMachine returns the machine of a line that has learned nothing yet.
func newMachine(country string, p plan.Plan) *line.FXO {
	return line.NewFXO(epoch, line.Settings{Caps: caps, Timing: line.TimingFor(country, p.Ring), Silence: quietLimit})
}

// calls plays n calls on one line, which learns from each, and ends all one way.
func calls(country string, way central.Way, c condition, n int, seed uint64, v voices) ([]ended, error) {
	cfg := central.ForCountry(country)
	cfg.Way, cfg.Gain = way, c.gain
	machine := newMachine(country, cfg.Plan)
	r, err := newRig(cfg, c.lay(country, seed), machine)
	if err != nil {
		return nil, err
	}
	random := seed*0x9E3779B97F4A7C15 + 1
	dice := func(below int) int {
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		return int(random>>33) % below
	}
	var out []ended
	for call := range n {
		e := ended{country: country, way: way, line: c.name, call: call}
		if way == central.ByBattery {
			r.office.Drop = drops[call%len(drops)]
			e.detail = fmt.Sprintf("%d ms", r.office.Drop)
		}
		if err := r.rest(); err != nil {
			return nil, fmt.Errorf("before call %d: %w", call, err)
		}
		far := v.listener
		r.near, r.talking = &subscriber.Talker{Sound: v.prompt, At: dice(len(v.prompt))}, false
		if call%2 == 1 {
			far = v.far
			r.near, r.talking = &subscriber.Talker{Sound: v.near, At: dice(len(v.near))}, true
		}
		if err := r.answer(&subscriber.Talker{Sound: far, At: dice(len(far))}, machine.Known()); err != nil {
			return nil, fmt.Errorf("call %d: %w", call, err)
		}
		if r.run(time.Duration(4000+dice(3000)) * time.Millisecond) {
			e.why, e.trace = "released in the call: "+r.gone.Evidence, r.trace(30)
			out = append(out, e)
			continue
		}
		r.end(&e)
		out = append(out, e)
	}
	return out, nil
}

// end lets the far end hang up and looks how that is found.
func (r *rig) end(e *ended) {
	limit := 45 * time.Second
	if e.way == central.BySilence {
		r.near, limit = nil, quietLimit+5*time.Second // whoever spoke hears nobody
	}
	begin := r.now
	r.office.HangUp()
	r.run(limit)
	if r.gone == nil {
		e.why, e.trace = "not released in "+limit.String(), r.trace(30)
		r.step(r.now, line.HangUp{})
		return
	}
	first := r.first
	if e.way == central.BySilence {
		first = begin.Add(quietLimit) // so long it is no evidence
	}
	e.found, e.why = true, r.gone.Evidence
	e.onset, e.evidence = r.goneA.Sub(begin), max(0, r.goneA.Sub(first))
	if first.IsZero() {
		e.evidence = e.onset
	}
	e.trace = r.trace(30)
}

// rest waits until office and machine are at rest.
func (r *rig) rest() error {
	r.near, r.gone = nil, nil
	for range 50 * 60 {
		s, _ := r.machine.State()
		if s == line.Idle && r.office.Free() {
			r.gone = nil
			return nil
		}
		r.pass()
	}
	return fmt.Errorf("cannot come to rest in a minute: the machine is %s\n%s", r.machine.Describe(), r.trace(40))
}
