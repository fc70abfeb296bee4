package board_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

func TestReportSaysItInOneLine(t *testing.T) {
	for want, r := range map[string]board.Report{
		"fxo1: loaded":                     {Driver: "sim", Port: "fxo1", State: board.Loaded},
		"modem1: loaded: V.92 Voice USB":   {Driver: "modem", Port: "modem1", State: board.Loaded, What: "V.92 Voice USB"},
		"dahdi: skipped because no driver": {Driver: "dahdi", State: board.Skipped, Why: "no driver"},
		"dahdi/3: failed because signalling is wrong; run dahdi_cfg": {
			Driver: "dahdi", Port: "dahdi/3", State: board.Failed, Why: "signalling is wrong", Hint: "run dahdi_cfg"},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	b, err := json.Marshal(board.Report{Driver: "sim", Port: "fxo1", State: board.Loaded})
	if err != nil || string(b) != `{"driver":"sim","port":"fxo1","state":"loaded"}` {
		t.Errorf("JSON %s, %v", b, err)
	}
}

// slow is a driver whose answer takes a second.
func slow(name string, ports ...port.Port) board.Driver {
	return board.Driver{Name: name, Open: func(ctx context.Context) ([]port.Port, []board.Report) {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, []board.Report{{Driver: name, State: board.Failed, Why: "the start was given up"}}
		}
		var reports []board.Report
		for _, p := range ports {
			reports = append(reports, board.Report{Driver: name, Port: p.Info().Name, State: board.Loaded})
		}
		return ports, reports
	}}
}

func TestDriversOpenTogetherAndFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := porttest.NewFake(port.Info{Name: "fxo1", Kind: port.FXO})
		two := porttest.NewFake(port.Info{Name: "dahdi/1", Kind: port.FXS})
		broken := board.Driver{Name: "modem", Open: func(context.Context) ([]port.Port, []board.Report) {
			return nil, []board.Report{{Driver: "modem", Port: "modem1", State: board.Failed, Why: "it is no voice modem"}}
		}}
		began := time.Now()
		b := board.Open(t.Context(), []board.Driver{slow("sim", one), broken, slow("dahdi", two)})
		if took := time.Since(began); took != time.Second {
			t.Errorf("opening took %s: the drivers waited for each other", took)
		}
		if len(b.Ports()) != 2 || b.Port("fxo1") != port.Port(one) || b.Port("dahdi/1") != port.Port(two) || b.Port("modem1") != nil {
			t.Errorf("ports %v", b.Ports())
		}
		var said []string
		for _, r := range b.Reports() {
			said = append(said, r.String())
		}
		if got := strings.Join(said, " | "); got != "fxo1: loaded | modem1: failed because it is no voice modem | dahdi/1: loaded" {
			t.Errorf("reports %s", got)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := one.Command(port.Seize{}); !errors.Is(err, port.ErrClosed) {
			t.Errorf("after Close a command answers %v", err)
		}
	})
}

func TestMissingNamesTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dahdi := board.Driver{Name: "dahdi", Open: func(context.Context) ([]port.Port, []board.Report) {
			return nil, []board.Report{{Driver: "dahdi", State: board.Skipped, Why: "there is no /dev/dahdi"}, {Driver: "dahdi", Port: "dahdi/2", State: board.Failed, Why: "it is busy"}}
		}}
		b := board.Open(t.Context(), []board.Driver{slow("sim", porttest.NewFake(port.Info{Name: "fxo1"})), dahdi})
		defer b.Close()
		for name, want := range map[string]string{
			"dahdi/1": "there is no /dev/dahdi",
			"dahdi/2": "it is busy",
			"fxo9":    "the board has none of that name: it has fxo1",
		} {
			if got := b.Missing(name).Why; got != want {
				t.Errorf("%s is missing because %q, want %q", name, got, want)
			}
		}
	})
}

func TestTakeStandsInForWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fxo := porttest.NewFake(port.Info{Name: "fxo1", Kind: port.FXO})
		modem := board.Driver{Name: "modem", Open: func(context.Context) ([]port.Port, []board.Report) {
			return nil, []board.Report{{Driver: "modem", Port: "modem1", State: board.Failed, Why: "it is no voice modem"}}
		}}
		b := board.Open(t.Context(), []board.Driver{slow("sim", fxo), modem})
		if p := b.Take("fxo1", port.FXO); p != port.Port(fxo) {
			t.Errorf("took %v for fxo1", p)
		}
		before := len(b.Reports())
		var absent []port.Port
		for _, c := range []struct {
			name string
			kind port.Kind
			why  string
		}{
			{"modem1", port.FXO, "it is no voice modem"},
			{"fxo1", port.FXS, "it is an FXO port, and an FXS port is wanted"},
			{"dahdi/1", port.FXS, "the board has none of that name: it has fxo1"},
		} {
			p := b.Take(c.name, c.kind)
			absent = append(absent, p)
			if i := p.Info(); i.Name != c.name || i.Kind != c.kind {
				t.Errorf("%s stands in as %+v", c.name, i)
			}
			if ev := <-p.Events(); ev != (port.Lost{Why: c.why}) {
				t.Errorf("%s says %v, want %s", c.name, ev, c.why)
			}
		}
		if got := b.Reports()[before:]; len(got) != 2 || got[0].Port != "fxo1" || got[1].Port != "dahdi/1" {
			t.Errorf("news %v: modem1 was told already", got)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		for _, p := range absent {
			if _, open := <-p.Events(); open {
				t.Errorf("%s goes on after Close", p.Info().Name)
			}
		}
	})
}

func TestAbsentIsLostAtOnceAndSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := board.NewAbsent("modem1", port.FXO, "there is no /dev/ttyACM0")
		if ev := <-a.Events(); ev != (port.Lost{Why: "there is no /dev/ttyACM0"}) {
			t.Errorf("first event %v", ev)
		}
		if err := a.Command(port.Seize{}); err == nil || !strings.Contains(err.Error(), "there is no /dev/ttyACM0") {
			t.Errorf("seize answers %v", err)
		}
		if err := a.Command(port.Ring{}); err == nil || !strings.Contains(err.Error(), "FXO") {
			t.Errorf("ring answers %v", err)
		}
		if err := a.Command(port.Release{}); err != nil {
			t.Errorf("release answers %v", err)
		}
		f := pcm.Frame{1, 2, 3}
		began := time.Now()
		if err := a.Audio().Read(&f); err != nil || f != (pcm.Frame{}) || time.Since(began) != 20*time.Millisecond {
			t.Errorf("read %v after %s, %v", f[:3], time.Since(began), err)
		}
		if err := errors.Join(a.Audio().Write(&f), a.Close(), a.Close()); err != nil {
			t.Error(err)
		}
		if _, open := <-a.Events(); open {
			t.Error("events go on after Close")
		}
		if err := a.Audio().Read(&f); !errors.Is(err, port.ErrClosed) {
			t.Errorf("read after Close answers %v", err)
		}
		if err := a.Command(port.Release{}); !errors.Is(err, port.ErrClosed) {
			t.Errorf("command after Close answers %v", err)
		}
	})
}
