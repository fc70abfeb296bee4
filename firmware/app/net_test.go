package app

import (
	"fmt"
	"testing"

	"github.com/centralita/centralita/firmware/config"
)

func TestTargets(t *testing.T) {
	cfg := &config.Config{
		Uplinks: []config.Uplink{{ID: "sede", URL: "https://sede.example/in"}, {ID: "otra", URL: "http://10.0.0.9:8090/in"}},
		Trunks:  []config.Trunk{{ID: "op", Server: "sip.example"}, {ID: "tcp", Server: "10.0.0.2:5062", TCP: true}, {ID: "ata"}},
		Log:     config.Log{Syslog: &config.Syslog{Server: "log.example:6514", Transport: "tls"}},
	}
	want := "[{uplink sede sede.example:443 tcp} {uplink otra 10.0.0.9:8090 tcp} {trunk op sip.example:5060 sip} {trunk tcp 10.0.0.2:5062 tcp} {syslog log.example:6514 tcp}]"
	if got := fmt.Sprint(targets(cfg)); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	cfg.Log.Syslog.Transport = "udp"
	if got := targets(cfg); len(got) != 4 {
		t.Errorf("a server that never answers is asked: %v", got)
	}
}
