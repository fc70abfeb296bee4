package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/firmware/web/metrics"
)

// scrape returns the figures of a picture, and fails when Prometheus would not
// take them.
func scrape(t *testing.T, c metrics.Config) (series map[string]string, text string) {
	t.Helper()
	if c.Now == nil {
		c.Now = viewtest.At
	}
	w := httptest.NewRecorder()
	metrics.Handler(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	series = map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		series[line[:i]] = line[i+1:]
	}
	return series, w.Body.String()
}

func of(s *view.Snapshot) metrics.Config {
	return metrics.Config{View: func() *view.Snapshot { return s }}
}

func TestFigures(t *testing.T) {
	s := viewtest.Alarmed()
	c := 51.5
	s.Version, s.Started = "0.1.0", viewtest.At().Add(-time.Hour)
	s.Media = view.Media{Shards: 2, Legs: 4, Ticks: 9000, LateMS: 1.5, MaxMS: 12}
	s.Book = view.Book{Last: 48400, Pending: 3}
	s.Machine = &view.Machine{DiskSize: 4 << 30, DiskFree: 1 << 30, MemorySize: 1 << 30, MemoryFree: 1 << 29, Celsius: &c, Power: "low"}
	s.Calls = []view.Call{
		{ID: "7-1", Direction: tel.Inbound, Lamp: view.Talk, From: "600123456", Legs: []view.Leg{
			{What: "line L1", LevelIn: -18.5, ERL: 12, ERLE: 31, EchoMS: 14, DriftPPM: -35}, {What: "phone 201", ERL: 99}}},
		{ID: "7-2", Direction: tel.Outbound, Lamp: view.Out, Legs: []view.Leg{{What: "line L1", ERL: 7}, {What: "trunk siptel"}, {What: "trunk siptel"}}},
	}
	cfg := of(s)
	cfg.Ended = func(each func(metrics.Ending, uint64)) {
		each(metrics.Ending{Cause: tel.CauseNoAnswer, By: tel.BySystem}, 17)
	}
	got, text := scrape(t, cfg)
	soporte := s.Queues[slices.IndexFunc(s.Queues, func(q view.Queue) bool { return q.ID == "soporte" })]
	since, _ := soporte.Longest()
	for name, want := range map[string]string{
		`line_up{line="L3"}`:                               "0",
		`line_up{line="L1"}`:                               "1",
		`lines{state="dead"}`:                              "1",
		`lines{state="out"}`:                               "0",
		`line_erl_db{line="L1"}`:                           "12",
		`line_erle_db{line="L1"}`:                          "31",
		`line_level_in_dbm0{line="L1"}`:                    "-18.5",
		`line_echo_delay_seconds{line="L1"}`:               "0.014",
		`line_drift_ppm{line="L1"}`:                        "-35",
		`calls{direction="in",state="talk"}`:               "1",
		`calls{direction="out",state="out"}`:               "1",
		`calls{direction="internal",state="talk"}`:         "0",
		`calls_ended_total{by="system",cause="no answer"}`: "17",
		`queue_waiting{queue="soporte"}`:                   strconv.Itoa(len(soporte.Waiting)),
		`queue_longest_wait_seconds{queue="soporte"}`:      strconv.Itoa(int(viewtest.At().Sub(since).Seconds())),
		`queue_service_level_ratio{queue="ventas"}`:        "0.88",
		`trunk_calls_limit{trunk="siptel"}`:                "10",
		`media_legs`:                                       "4",
		`media_late_p99_seconds`:                           "0.0015",
		`media_late_max_seconds`:                           "0.012",
		`book_rows_total`:                                  "48400",
		`book_pending_rows`:                                "3",
		`book_up`:                                          "1",
		`uplink_up{uplink="sede"}`:                         "0",
		`uplink_pending_rows{uplink="sede"}`:               "214",
		`alarms{kind="line",rank="urgent"}`:                "1",
		`disk_free_bytes`:                                  "1.073741824e+09",
		`temperature_celsius`:                              "51.5",
		`under_voltage`:                                    "1",
	} {
		if got["centralita_"+name] != want {
			t.Errorf("%s is %q, want %q", name, got["centralita_"+name], want)
		}
	}
	if !regexp.MustCompile(`centralita_build_info\{go="go[^"]+",version="0.1.0"\} 1\n`).MatchString(text) {
		t.Error("no build info")
	}
	if _, ok := got["go_goroutines"]; !ok {
		t.Error("nothing of the runtime")
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "centralita_") && (strings.Contains(line, "123456") || strings.Contains(line, "Ana")) {
			t.Errorf("a caller or a person is shown: %s", line)
		}
	}
}

// What is not known has no series, and what is the same twice breaks nothing.
func TestAbsentIsAbsent(t *testing.T) {
	got, _ := scrape(t, of(&view.Snapshot{Queues: []view.Queue{{ID: "new"}}, Machine: &view.Machine{}}))
	for name := range got {
		for _, bad := range []string{"disk", "memory", "temperature", "under_voltage", "line_", "calls_ended", "service_level_ratio"} {
			if strings.HasPrefix(name, "centralita_") && strings.Contains(name, bad) {
				t.Errorf("%s is shown and not known", name)
			}
		}
	}
	if got["centralita_queue_longest_wait_seconds{queue=\"new\"}"] != "0" {
		t.Error("an empty queue has no longest wait")
	}
	m := view.Machine{Power: "ok"}
	cfg := of(&view.Snapshot{})
	cfg.Machine = func() *view.Machine { return &m }
	if got, _ = scrape(t, cfg); got["centralita_under_voltage"] != "0" {
		t.Error("the last look at the machine is not shown")
	}
}

// Names that are no text are told, and hide nothing else.
func TestHostileNames(t *testing.T) {
	s := viewtest.Hostile()
	s.Lines = append(s.Lines, view.Line{ID: "\xff"}, view.Line{ID: "L\"9\n"})
	got, text := scrape(t, of(s))
	if got["centralita_media_legs"] == "" || !strings.Contains(text, `line="L\"9\n"`) {
		t.Errorf("figures are missing:\n%.2000s", text)
	}
}
