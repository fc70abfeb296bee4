package office

import (
	"encoding/json"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// desk is a listener in memory where a technician's console comes in.
type desk struct {
	conns chan net.Conn
	once  sync.Once
	gone  chan struct{}
}

func newDesk() *desk { return &desk{conns: make(chan net.Conn), gone: make(chan struct{})} }

func (d *desk) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.gone:
		return nil, net.ErrClosed
	}
}

func (d *desk) Close() error {
	d.once.Do(func() { close(d.gone) })
	return nil
}

func (d *desk) Addr() net.Addr { return &net.UnixAddr{Name: "desk", Net: "unix"} }

// ask types a command and returns exit code and answer.
func (d *desk) ask(t *testing.T, args ...string) (code int, answer string) {
	t.Helper()
	near, far := net.Pipe()
	d.conns <- far
	var out strings.Builder
	code, err := console.Ask(t.Context(), near, args, &out)
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String()
}

// bench is an office with a technician at its console and a central office at the
// far end of its lines.
func bench(t *testing.T, doc string, f func(*Office, *desk, *linesim.Sim)) {
	t.Helper()
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		o := OpenWith(t, 3, doc, pack, func(out *app.Outside) { out.Control = d })
		defer o.Stop()
		sim := o.far(t)
		defer sim.Close()
		f(o, d, sim)
	})
}

// far is a central office at the far end of the lines.
func (o *Office) far(t *testing.T) *linesim.Sim {
	t.Helper()
	wire, err := o.Net.Dial(t.Context(), "10.0.0.9", Wire)
	o.must(err)
	sim, err := linesim.New(wire)
	o.must(err)
	return sim
}

// The Line Doctor on the simulated board: what is wrong with the copper is what
// he says, with numbers that are those of the copper.
func TestLineDoctor(t *testing.T) {
	complex := pair.CountryNetwork("ES")
	for name, c := range map[string]struct {
		pair    pair.Config
		verdict string // begins so, in Spanish
		check   func(*testing.T, view.Exam)
	}{
		"healthy": {pair.Config{Cable: pair.Cable{Km: 1}}, "línea L1: sana", func(t *testing.T, x view.Exam) {
			if math.Abs(x.VoltsOnHook) < 40 || math.Abs(x.MilliAmps) < 20 || x.DialPure < 0.95 {
				t.Errorf("it reads %+v", x)
			}
		}},
		"hum": {pair.Config{Cable: pair.Cable{Km: 1}, Disturbances: pair.Disturbances{Hum: -36, HumHz: 50}}, "línea L1: zumbido de 50 Hz", func(t *testing.T, x view.Exam) {
			if math.Abs(x.Hum+36) > 3 {
				t.Errorf("the hum of −36 dBm0 is taken for %.1f", x.Hum)
			}
		}},
		"noise": {pair.Config{Cable: pair.Cable{Km: 1}, Disturbances: pair.Disturbances{Noise: -40}}, "línea L1: ruido −4", nil},
		"wrong impedance": {pair.Config{Cable: pair.Cable{Km: 0.2}, Office: pair.Termination{Impedance: complex, Balance: complex}}, "línea L1: ", func(t *testing.T, x view.Exam) {
			echo := slices.ContainsFunc(x.Findings, func(f view.ExamFinding) bool { return f.ID == "echo" && f.Rank != "ok" })
			if !echo || !strings.Contains(x.AdviceES, "270+750||150n") || len(x.Sweep) < 3 {
				t.Errorf("a mismatch of %.1f dB is %+v", x.ERL, x)
			}
		}},
		"weak": {pair.Config{Cable: pair.Cable{Km: 9}}, "línea L1: ", func(t *testing.T, x view.Exam) {
			if math.Abs(x.MilliAmps) > 20 {
				t.Errorf("9 km of pair give %.1f mA", x.MilliAmps)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bench(t, document, func(o *Office, d *desk, sim *linesim.Sim) {
				t := o.T
				l, err := sim.Line(1)
				o.must(err)
				o.must(l.Lay(c.pair))
				<-time.After(time.Second)
				_, answer := d.ask(t, "line", "L1", "test", "--json")
				var x view.Exam
				if err := json.Unmarshal([]byte(answer), &x); err != nil {
					t.Fatalf("%v: %s", err, answer)
				}
				if !strings.HasPrefix(x.VerdictES, c.verdict) {
					t.Errorf("the verdict is %q, not %q; %s", x.VerdictES, c.verdict, answer)
				}
				if x.Seconds > 60 {
					t.Errorf("it took %.0f s", x.Seconds)
				}
				if c.check != nil {
					c.check(t, x)
				}
				o.Until("the line is free again", 5*time.Second, func() bool { return l.Free() && o.House().View().Lines[0].Lamp == view.Idle })
				o.Until("the test is in the book", time.Second, func() bool {
					return slices.ContainsFunc(o.Facts(), func(r book.Row) bool { return r.Kind == call.LineTest })
				})
			})
		})
	}
}

// A technician's orders, end to end: what he sets is booked, what he
// captures is a file, what the line has learned goes out and comes back.
func TestTechnicianAtTheConsole(t *testing.T) {
	bench(t, document, func(o *Office, d *desk, sim *linesim.Sim) {
		t := o.T
		for _, c := range []struct {
			code int
			says string
			args []string
		}{
			{console.Fine, "puesta", []string{"line", "L1", "gain", "1.5", "-3"}},
			{console.Fine, "puesta", []string{"line", "L1", "impedance", "900"}},
			{console.NotFine, "no hay llamada", []string{"line", "L1", "release"}},
			{console.NotFine, "ninguna prueba", []string{"line", "L1", "apply"}},
			{console.Fine, "congelado", []string{"line", "L1", "freeze"}},
			{console.Fine, `"frozen": true`, []string{"line", "L1", "profile"}},
			{console.NotFine, "there is no field", []string{"line", "L2", "import", `{"colour": "red"}`}},
			{console.Fine, "captures/L1-", []string{"line", "L1", "capture", "2s"}},
		} {
			if code, answer := d.ask(t, c.args...); code != c.code || !strings.Contains(answer, c.says) {
				t.Errorf("%v: %d %s", c.args, code, answer)
			}
		}
		_, profile := d.ask(t, "line", "L1", "profile")
		if code, answer := d.ask(t, "line", "L2", "import", profile); code != console.Fine {
			t.Errorf("the profile of L1 does not go into L2: %s", answer)
		}
		_, other := d.ask(t, "line", "L2", "profile")
		if strings.ReplaceAll(profile, "L1", "L2") != other {
			t.Errorf("L2 has %s, not %s", other, profile)
		}
		tuned := 0
		for _, r := range o.Facts() {
			if r.Kind == call.LineTuned {
				tuned++
			}
		}
		if tuned != 2 {
			t.Errorf("%d tunings are booked, not 2", tuned)
		}
	})
}
