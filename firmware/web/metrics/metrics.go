// Package metrics shows the picture to Prometheus, in its text format. It holds
// nothing itself: each request reads the picture as it is.
//
// Numbers and names of callers never appear. Labels are ids of the configuration
// and words of the house, so their count is bounded by the document.
package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Config is where the figures come from.
type Config struct {
	View func() *view.Snapshot
	// Ended calls back with the count of calls that ended since the start, by how
	// they did; nil where nobody counts.
	Ended func(each func(Ending, uint64))
	// Machine returns the machine as it was seen last, which the picture may show
	// later; nil where it is not looked at.
	Machine func() *view.Machine
	// LogLost returns how many lines of the log were not kept; nil where nobody counts.
	LogLost func() uint64
	Now     func() time.Time // nil is time.Now
	Log     *slog.Logger     // may be nil
}

// Ending is how a call ended.
type Ending struct {
	Cause tel.Cause
	By    tel.By
}

// inFlight is how many requests are answered at once at most.
const inFlight = 3

// Handler answers with all figures of the house, its process and the Go runtime.
func Handler(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(&collector{c}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: inFlight,
	})
}

// collector is a prometheus.Collector that describes nothing beforehand: which
// series there are, the configuration says.
type collector struct{ cfg Config }

// Describe implements prometheus.Collector.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s, now := c.cfg.View(), c.cfg.Now()
	w := &writer{out}
	w.gauge("build_info", "Always 1; the version is in the labels.", 1, "version", s.Version, "go", runtime.Version())
	w.gauge("start_time_seconds", "When the house started, since 1970.", seconds(s.Started))
	w.gauge("picture_time_seconds", "When the picture that these figures show was made, since 1970.", seconds(s.At))
	w.lines(s)
	w.calls(s)
	if c.cfg.Ended != nil {
		c.cfg.Ended(func(e Ending, n uint64) {
			w.counter("calls_ended_total", "Calls that ended since the start.", float64(n), "cause", string(e.Cause), "by", string(e.By))
		})
	}
	w.queues(s, now)
	w.rooms(s)
	w.alarms(s)
	w.clock(s)
	if c.cfg.LogLost != nil {
		w.counter("log_lines_lost_total", "Lines of the log that came faster than they could be kept.", float64(c.cfg.LogLost()))
	}
	m := s.Machine
	if c.cfg.Machine != nil {
		m = c.cfg.Machine()
	}
	if m != nil {
		w.machine(m)
	}
}

// writer writes figures of the house; pairs are names and values of labels.
type writer struct{ out chan<- prometheus.Metric }

func (w *writer) gauge(name, help string, v float64, pairs ...string) {
	w.put(prometheus.GaugeValue, name, help, v, pairs)
}

func (w *writer) counter(name, help string, v float64, pairs ...string) {
	w.put(prometheus.CounterValue, name, help, v, pairs)
}

func (w *writer) put(kind prometheus.ValueType, name, help string, v float64, pairs []string) {
	var names, values []string
	for i := 0; i < len(pairs); i += 2 {
		names, values = append(names, pairs[i]), append(values, pairs[i+1])
	}
	d := prometheus.NewDesc("centralita_"+name, help, names, nil)
	m, err := prometheus.NewConstMetric(d, kind, v, values...)
	if err != nil { // a label that is no text
		m = prometheus.NewInvalidMetric(d, fmt.Errorf("cannot show %s: %w", name, err))
	}
	w.out <- m
}

// states counts things by the state of their lamps; states that nothing has are 0.
func (w *writer) states(name, help string, lamps []view.Lamp, pairs ...string) {
	var count [64]float64
	for _, l := range lamps {
		count[l%64]++
	}
	for _, l := range view.Lamps() {
		w.gauge(name, help, count[l], append(pairs[:len(pairs):len(pairs)], "state", l.String())...)
	}
}

// seconds writes an instant as Prometheus does; none is 0.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// bit is 1 for true.
func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
