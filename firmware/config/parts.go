package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// countries are the codes of ISO 3166-1 alpha-2.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// muLaw are the countries whose networks speak µ-law; the others speak A-law.
const muLaw = " CA JP TW US "

// nineOneOne are the countries where 911 is dialled in an emergency; 112 elsewhere.
const nineOneOne = " AR BO BS BZ CA CR DO EC GT GY HN JM MX NI PA PE PH PR PY SV US UY VE "

// id reads a name that is a word: letters, digits, dash and underline.
func (r *reader) id(f *place.Fields, key, example string) string {
	s := f.NeedText(key, example)
	if !flow.Word(s) {
		r.sink.Report(f.At(key), fmt.Sprintf("%s cannot be %s", key, place.Quote(s)),
			fmt.Sprintf("it may have letters, digits, - and _, at most %d", flow.MaxID), "write one such as "+example)
	}
	return s
}

// title reads a name for people.
func (r *reader) title(f *place.Fields, key, def string) string {
	s := f.Text(key, def)
	if clean := tel.CleanText(s).String(); clean != s {
		r.sink.Report(f.At(key), fmt.Sprintf("%s cannot be %s", key, place.Quote(s)),
			fmt.Sprintf("it may have %d printable characters and single spaces", tel.MaxText), "shorten it")
	}
	return s
}

// digits reads a number that can be dialled, spaces and dashes taken out.
func (r *reader) digits(f *place.Fields, key string, need bool) tel.Number {
	s := ""
	if need {
		s = f.NeedText(key, `"101"`)
	} else {
		s = f.Text(key, "")
	}
	return r.number(f.At(key), key, s)
}

// number cleans a number, reporting what is none.
func (r *reader) number(at place.At, key, s string) tel.Number {
	n, ok := tel.CleanNumber(s)
	if !ok || s != "" && n == "" {
		r.sink.Report(at, fmt.Sprintf("%s %s cannot be dialled", key, place.Quote(s)),
			fmt.Sprintf("a number has at most %d of 0-9, * and #", tel.MaxNumber), `write it in quotes: "101"`)
		return ""
	}
	return n
}

// extension reads a number of the house: 1 to 8 digits.
func (r *reader) extension(f *place.Fields, key string, need bool) tel.Number {
	n := r.digits(f, key, need)
	if strings.Trim(string(n), "0123456789") != "" || len(n) > 8 {
		r.sink.Report(f.At(key), fmt.Sprintf("%s %s cannot be an extension", key, place.Quote(string(n))), "an extension has 1 to 8 digits", `write it as "101"`)
		return ""
	}
	return n
}

// site reads who and where.
func (r *reader) site(f *place.Fields) {
	s := &r.cfg.Site
	s.ID = r.id(f, "id", "centro")
	s.Name = r.title(f, "name", s.ID)
	s.Country = r.country(f)
	s.Language = tel.Lang(f.Enum("language", string(tel.Spanish), string(tel.Spanish), string(tel.English)))
	s.Location = time.UTC
	if name := f.NeedText("timezone", "Europe/Madrid"); name != "" {
		if loc, ok := flow.Zone(r.sink, f.At("timezone"), name); ok {
			s.Location = loc
		}
	}
	f.Done()
}

// country reads the code of a country.
func (r *reader) country(f *place.Fields) string {
	c := f.NeedText("country", "ES")
	if c != "" && (len(c) != 2 || !strings.Contains(countries, " "+c+" ")) {
		hint := "write one such as ES, MX or US"
		if up := strings.ToUpper(c); len(up) == 2 && strings.Contains(countries, " "+up+" ") {
			hint = "write " + up
		}
		r.sink.Report(f.At("country"), fmt.Sprintf("the country %s is not known", place.Quote(c)), "countries have two capital letters (ISO 3166-1)", hint)
	}
	return c
}

// line reads an FXO port.
func (r *reader) line(f *place.Fields) {
	l := Line{ID: tel.PortID(r.id(f, "id", "L1"))}
	r.unique(f.At("id"), "line or trunk", string(l.ID))
	f.Need("socket", "fxo1")
	l.Socket = r.socket(f, "fxo")
	l.Number = r.digits(f, "number", false)
	l.Use = f.Enum("use", "both", "both", "in", "out")
	if l.Use == "out" {
		l.Flow = f.Text("flow", "")
	} else {
		l.Flow = f.NeedText("flow", "the name of a flow")
	}
	r.refer(f.At("flow"), "line "+string(l.ID), "flow", l.Flow)
	l.Country = r.cfg.Site.Country
	if f.Has("country") {
		l.Country = r.country(f)
	}
	l.BlockCollect = f.Bool("block_collect", l.Country == "BR")
	if f.Has("longest") {
		l.Longest = f.Duration("longest", 0, time.Minute, 24*time.Hour)
	}
	l.Echo = echoTails[f.Enum("echo", "128", "128", "16", "32", "64", "off")]
	f.Done()
	r.cfg.Lines = append(r.cfg.Lines, l)
}

// echoTails are the tails of the echo canceller, in ms.
var echoTails = map[string]int{"16": 16, "32": 32, "64": 64, "128": 128, "off": -1}

// phone reads an extension.
func (r *reader) phone(f *place.Fields) {
	p := Phone{Ext: r.extension(f, "ext", true)}
	r.dial(f.At("ext"), "extension", p.Ext)
	p.Name = r.title(f, "name", string(p.Ext))
	p.Socket = r.socket(f, "fxs")
	p.SIP = f.Bool("sip", false)
	p.Password = r.secret(f, "password")
	p.Codecs = r.codecs(f)
	p.Classes = r.classes(f)
	const why, hint = "a phone is plugged in or registers over the network", "write socket: fxs1 or sip: true"
	sip := f.Get("sip")
	switch {
	case p.Socket != "" && p.SIP:
		r.sink.Report(f.Where(), fmt.Sprintf("phone %s has both socket and sip", p.Ext), why, hint)
	case p.Socket == "" && !p.SIP && !f.Has("socket") && !f.Meant("socket") && !f.Meant("sip") && (sip == nil || sip.Text == "false"):
		r.sink.Report(f.Where(), fmt.Sprintf("phone %s has neither socket nor sip", p.Ext), why, hint)
	}
	if p.Ext == "" {
		r.unsure = append(r.unsure, "phone")
	}
	if !p.SIP && p.Password != "" {
		r.sink.Report(f.At("password"), fmt.Sprintf("phone %s has a password", p.Ext), "an analog phone does not register", "remove it")
	}
	f.Done()
	r.cfg.Phones = append(r.cfg.Phones, p)
}

// codecs reads audio formats; the default is that of the country first.
func (r *reader) codecs(f *place.Fields) []string {
	var out []string
	for _, n := range f.Texts("codecs") {
		c := strings.ToUpper(n.Text)
		if c != "PCMA" && c != "PCMU" {
			r.sink.Report(n.At, fmt.Sprintf("the codec %s is not spoken", place.Quote(n.Text)), "there are pcma and pcmu", "write [pcma, pcmu]")
		} else if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	switch {
	case len(out) > 0:
		return out
	case strings.Contains(muLaw, " "+r.cfg.Site.Country+" "):
		return []string{"PCMU", "PCMA"}
	}
	return []string{"PCMA", "PCMU"}
}

// classes reads classes of outside numbers.
func (r *reader) classes(f *place.Fields) []string {
	var all, out []string
	for _, c := range numbering.Classes() {
		all = append(all, string(c))
	}
	for _, n := range f.Texts("classes") {
		if !slices.Contains(all, n.Text) {
			r.sink.Report(n.At, fmt.Sprintf("the class %s is not known", place.Quote(n.Text)), "numbers have classes", place.Suggest(n.Text, all))
		} else if !slices.Contains(out, n.Text) {
			out = append(out, n.Text)
		}
	}
	return out
}

// secret reads a password or token, or secret:name that is kept elsewhere.
func (r *reader) secret(f *place.Fields, key string) string {
	s := f.Text(key, "")
	name, is := strings.CutPrefix(s, "secret:")
	if is && (name == "" || !flow.Word(name)) {
		r.sink.Report(f.At(key), fmt.Sprintf("%s cannot be %s", key, place.Quote(s)), "the name of a secret has letters, digits, - and _", "write secret:name")
	}
	return s
}
