package app

import (
	"fmt"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/sipua"
	"github.com/centralita/centralita/firmware/tel"
)

// settings are the configuration as the exchange needs it.
func settings(cfg *config.Config, w wiring, version string) exchange.Settings {
	s := exchange.Settings{
		Site: cfg.Site.Name, Version: version, Lang: cfg.Site.Language, Location: cfg.Site.Location,
		Operator: cfg.Operator, Fax: cfg.Fax, Schedules: cfg.Schedules, Flows: cfg.Flows,
		Limits: call.Limits{Longest: cfg.Limits.Longest, RingTime: cfg.Limits.RingTime}, Calls: cfg.Limits.Calls,
		Numbering: numberingPlan(cfg), Spending: cfg.Outside.Limits, JoinOutside: cfg.Outside.Join,
	}
	tones, _ := plan.For(cfg.Site.Country) // that there is one was checked
	for _, l := range cfg.Lines {
		own, _ := plan.For(l.Country) // as above
		timing := line.TimingFor(l.Country, own.Ring)
		s.Lines = append(s.Lines, exchange.Line{
			ID: l.ID, Caps: w[l.ID].Info().Caps, Number: l.Number, Flow: l.Flow, In: l.Use != "out", Out: l.Use != "in",
			Timing: timing, BlockCollect: l.BlockCollect, Longest: l.Longest,
		})
	}
	for _, f := range cfg.Phones {
		p := exchange.Phone{Ext: f.Ext, Name: f.Name}
		for _, c := range f.Classes {
			p.Classes = append(p.Classes, numbering.Class(c))
		}
		if f.Socket != "" {
			p.Port = f.Port()
			p.Caps = w[p.Port].Info().Caps
			p.Bells = line.Bells(tones.Ring)
			_, p.IDBefore = cid.ForCountry(cfg.Site.Country)
		}
		s.Phones = append(s.Phones, p)
	}
	for _, t := range cfg.Trunks {
		s.Trunks = append(s.Trunks, exchange.Trunk{ID: t.ID, Number: t.Number, Flow: t.Flow, Size: t.Calls, Assumed: t.Assumed})
	}
	for _, q := range cfg.Queues {
		s.Queues = append(s.Queues, exchange.Queue{
			QueueSettings: acd.QueueSettings{
				ID: q.ID, Ring: q.Ring, Backoff: q.Backoff, ACW: q.ACW, MaxWait: q.MaxWait, MaxCallers: q.MaxCallers, Announce: q.Announce,
			},
			NameES: q.NameES, NameEN: q.NameEN, Threshold: q.Threshold, WaitLimit: q.WaitLimit, Target: q.Target, Goal: q.Goal, Music: q.Music,
		})
	}
	for _, a := range cfg.Agents {
		s.Agents = append(s.Agents, exchange.Agent{
			AgentSettings: acd.AgentSettings{ID: a.ID, Queues: a.Queues}, Name: a.Name, Number: loginArg(a), Home: a.Ext, Ext: a.Ext,
		})
	}
	for _, r := range cfg.Pauses {
		s.Pauses = append(s.Pauses, exchange.PauseReason{Key: tel.Number(r.Digit.String()), ID: r.ID, NameES: r.NameES, NameEN: r.NameEN})
	}
	return s
}

// loginArg is what an agent dials behind the log-in code.
func loginArg(a config.Agent) tel.Number { return a.Number + tel.Number(a.PIN) }

// numberingPlan is the numbering plan of the office.
func numberingPlan(cfg *config.Config) *numbering.Plan {
	p := &numbering.Plan{Country: cfg.Site.Country, Prefix: cfg.Outside.Prefix, Emergency: cfg.Outside.Emergency}
	for _, f := range cfg.Phones {
		p.Extensions = append(p.Extensions, f.Ext)
	}
	for _, q := range cfg.Queues {
		if q.Ext != "" {
			p.Queues = append(p.Queues, numbering.QueueNumber{Ext: q.Ext, Queue: q.ID})
		}
	}
	var agents, reasons []tel.Number
	for _, a := range cfg.Agents {
		agents = append(agents, loginArg(a))
	}
	for _, r := range cfg.Pauses {
		reasons = append(reasons, tel.Number(r.Digit.String()))
	}
	for _, f := range []numbering.FeatureCode{
		{Code: numbering.Login, Number: cfg.Features.Login, Args: agents}, {Code: numbering.Logout, Number: cfg.Features.Logout},
		{Code: numbering.Pause, Number: cfg.Features.Pause, Args: reasons}, {Code: numbering.Unpause, Number: cfg.Features.Unpause},
	} {
		if f.Number != "" {
			p.Features = append(p.Features, f)
		}
	}
	for _, r := range cfg.Outside.Routes {
		route := numbering.Route{Name: r.Name, Pattern: r.Pattern, Via: r.Via, Strip: r.Strip, Add: r.Add}
		for _, c := range r.Classes {
			route.Classes = append(route.Classes, numbering.Class(c))
		}
		p.Routes = append(p.Routes, route)
	}
	return p
}

// sipSettings are the configuration as the SIP shell needs it.
func sipSettings(cfg *config.Config, secrets *secret.Store, out *Outside) (sipua.Config, error) {
	s := sipua.Config{
		UserAgent: "Centralita", Domain: "centralita", Advertise: out.Advertise, Calls: 2 * cfg.Limits.Calls,
		Dial: out.DialTCP, Resolve: out.Resolve,
	}
	numbers := numberingPlan(cfg)
	s.Urgent = func(n tel.Number) bool { return numbers.Resolve(n, nil).Kind == numbering.Emergency }
	for _, f := range cfg.Phones {
		if !f.SIP {
			continue
		}
		password, err := phoneSecret(f, secrets)
		if err != nil {
			return s, err
		}
		s.Phones = append(s.Phones, sipua.Phone{Ext: f.Ext, Password: password, Codecs: f.Codecs})
	}
	for _, t := range cfg.Trunks {
		password, err := secrets.Resolve(t.Password)
		if err != nil {
			return s, fmt.Errorf("cannot use trunk %s: %w", t.ID, err)
		}
		s.Trunks = append(s.Trunks, sipua.Trunk{
			ID: t.ID, Server: t.Server, TCP: t.TCP, Register: t.Register, Accepts: t.Accepts, User: t.User, Password: password,
			From: t.From, Number: t.Number, Calls: t.Calls, Codecs: t.Codecs,
		})
	}
	return s, nil
}

// phoneSecret is what a SIP phone must know: the document's word, a secret it
// refers to, or one made at the first start.
func phoneSecret(f config.Phone, secrets *secret.Store) (string, error) {
	if f.Password == "" {
		return secrets.Phone(string(f.Ext))
	}
	password, err := secrets.Resolve(f.Password)
	if err != nil {
		return "", fmt.Errorf("cannot use phone %s: %w", f.Ext, err)
	}
	return password, nil
}
