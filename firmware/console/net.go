package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Net is the box in its network. Each error is a sentence for people.
type Net interface {
	State(ctx context.Context) (lan.State, error)
	// Set tries an address, which goes away unless it is confirmed within; 0 is
	// lan.UsualTrial.
	Set(ctx context.Context, who tel.Who, f lan.Face, within time.Duration) (lan.State, error)
	Confirm(ctx context.Context, who tel.Who) (lan.State, error)
	Rollback(ctx context.Context, who tel.Who) (lan.State, error)
	// Test tells each finding as it is made.
	Test(ctx context.Context, tell func(lan.Finding)) error
}

var netCommands = []command{
	{"net show", "", "interfaces, direcciones, puerta, DNS", "interfaces, addresses, gateway, DNS", 0, 0, false, tel.AgentRole, "--json", showNet},
	{"net set", "IF dhcp|static A/N…", "pone una dirección, a prueba", "set an address, on trial", 2, 14, false, tel.Technician, "--json", setNet},
	{"net confirm", "", "confirma la dirección en prueba", "confirm the address on trial", 0, 0, false, tel.Technician, "--json", confirmNet},
	{"net rollback", "", "vuelve a la dirección anterior", "go back to the address before", 0, 0, false, tel.Technician, "--json", rollbackNet},
	{"net test", "", "prueba cable, dirección, puerta, DNS, destinos", "test cable, address, gateway, DNS, targets", 0, 0, false, tel.Technician, "--json", testNet},
}

func showNet(ctx context.Context, s *session) int {
	if s.c.d.Net == nil {
		return s.stopped()
	}
	st, err := s.c.d.Net.State(ctx)
	return s.netState(st, err)
}

func setNet(ctx context.Context, s *session) int {
	if s.c.d.Net == nil {
		return s.stopped()
	}
	f, within, err := lan.ParseWords(s.r.args)
	if err != nil {
		return s.fail(Usage, err)
	}
	st, err := s.c.d.Net.Set(ctx, s.who, f, within)
	return s.netState(st, err)
}

func confirmNet(ctx context.Context, s *session) int {
	if s.c.d.Net == nil {
		return s.stopped()
	}
	st, err := s.c.d.Net.Confirm(ctx, s.who)
	return s.netState(st, err)
}

func rollbackNet(ctx context.Context, s *session) int {
	if s.c.d.Net == nil {
		return s.stopped()
	}
	st, err := s.c.d.Net.Rollback(ctx, s.who)
	return s.netState(st, err)
}

// netState prints the network as it is, and what is on trial.
func (s *session) netState(st lan.State, err error) int {
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(st)
		return Fine
	}
	for _, i := range st.Interfaces {
		s.netFace(i)
	}
	if len(st.Interfaces) == 0 {
		s.line(s.t("no hay ninguna interfaz de red", "there is no network interface"))
	}
	var dns []string
	for _, a := range st.DNS {
		dns = append(dns, a.String())
	}
	if len(dns) == 0 {
		dns = []string{s.t("ninguno", "none")}
	}
	s.wrap(cell("DNS", 9), strings.Repeat(" ", 9), strings.Join(dns, " "))
	if t := st.Trial; t != nil {
		left := span(t.Until.Sub(s.now))
		s.wrap("", "  ", s.t("EN PRUEBA: "+t.Face.String()+"; vuelve a lo de antes en "+left+" si nadie escribe: net confirm",
			"ON TRIAL: "+t.Face.String()+"; what was before comes back in "+left+" unless somebody writes: net confirm"))
	}
	return Fine
}

// netFace prints one interface.
func (s *session) netFace(i lan.Interface) {
	link := s.t("sin cable", "no cable")
	switch {
	case i.Link && i.Mbit > 0:
		link = s.t("conectado a ", "connected at ") + strconv.Itoa(i.Mbit) + " Mbit/s"
	case i.Link:
		link = s.t("conectado", "connected")
	}
	if i.MAC != "" {
		link += ", " + i.MAC
	}
	s.line(cell(safe(i.Name), 8) + " " + link)
	var parts []string
	for _, a := range i.Addresses {
		parts = append(parts, a.String())
	}
	if len(parts) == 0 {
		parts = []string{s.t("sin dirección", "no address")}
	}
	if i.Gateway.IsValid() {
		parts = append(parts, s.t("puerta ", "gateway ")+i.Gateway.String())
	}
	text := strings.Join(parts, ", ") + s.netSource(i)
	indent := strings.Repeat(" ", 9)
	s.wrap(indent, indent, text)
	if i.Trouble != "" {
		s.wrap(indent+sign(view.Warn), indent+"  ", safe(s.plain(i.Trouble)))
	}
}

// netSource says where an address is from and since when.
func (s *session) netSource(i lan.Interface) string {
	var b strings.Builder
	switch i.Source {
	case lan.ByDHCP:
		b.WriteString("; dhcp")
		if i.Server.IsValid() {
			b.WriteString(s.t(" de ", " from ") + i.Server.String())
		}
	case lan.ByHand:
		b.WriteString(s.t("; fija", "; static"))
	default:
		return s.t("; la pone el sistema", "; the system sets it")
	}
	if !i.Since.IsZero() {
		b.WriteString(s.t(" desde el ", " since ") + s.day(i.Since))
	}
	if !i.Until.IsZero() {
		b.WriteString(s.t(", vale hasta el ", ", good until ") + s.day(i.Until))
	}
	return b.String()
}

// verdicts are the lamps of findings.
var verdicts = map[lan.Verdict]view.Lamp{lan.Good: view.Idle, lan.Doubtful: view.Warn, lan.Bad: view.Dead}

func testNet(ctx context.Context, s *session) int {
	if s.c.d.Net == nil {
		return s.stopped()
	}
	code := Fine
	err := s.c.d.Net.Test(ctx, func(f lan.Finding) {
		if f.Verdict == lan.Bad {
			code = NotFine
		}
		if s.r.json {
			s.json(f)
			return
		}
		text := s.t(f.ES, f.EN)
		if f.Millis > 0 {
			text += " (" + strconv.Itoa(int(f.Millis)) + " ms)"
		}
		s.wrap(sign(verdicts[f.Verdict]), "  ", safe(text))
		if f.HintEN != "" {
			s.wrap("  ", "    ", s.t("pista: ", "hint: ")+safe(s.t(f.HintES, f.HintEN)))
		}
	})
	if err != nil {
		return s.fail(NotFine, err)
	}
	return code
}
