package expect

import (
	"regexp"
	"strings"
	"time"
)

// said is what a console says in its two languages.
type said struct{ es, en string }

func (s said) in(lang string) string {
	if lang == "en" {
		return s.en
	}
	return s.es
}

// Visit is a technician's first visit to a new box, at its serial line.
type Visit struct {
	Lang     string // "es" or "en"; the box begins in Spanish
	Name     string // of the owner to be
	Password string
	Line     string        // whose country is set
	Trial    time.Duration // of a configuration, from 10 s
}

// FirstBoot drives a box from its first banner on: claim; the country of a line is set,
// applied and confirmed; another change is applied and forgotten, and is found rolled
// back; log-out. It is for any way to the console: a pseudo terminal, QEMU's serial line,
// virtual time.
func FirstBoot(d *Driver, v Visit) {
	d.T.Helper()
	at := v.Name + "@centralita> "
	d.Expect("centralita> ")
	if v.Lang == "en" {
		d.Do("lang en", "centralita> ")
	}
	d.Do("lines", said{"es para quien ha entrado", "is for those who have logged in"}.in(v.Lang))
	d.Do("claim", said{"Nombre: ", "Name: "}.in(v.Lang))
	d.Do(v.Name, said{"Contraseña nueva: ", "New password: "}.in(v.Lang))
	d.Do(v.Password, said{"Otra vez: ", "Once more: "}.in(v.Lang))
	d.Do(v.Password, at)
	d.Do("lines", v.Line)
	try := func(country string) {
		d.T.Helper()
		d.Do("config set lines."+v.Line+".country "+country, said{"En el borrador", "In the draft"}.in(v.Lang))
		d.Do("config diff", country)
		d.Do("config apply "+v.Trial.String(), said{"está en uso", "is in use"}.in(v.Lang))
	}
	try("FR")
	d.Do("config confirm", said{"queda.", "stays."}.in(v.Lang))
	try("GB") // and nobody confirms it
	end := time.Now().Add(v.Trial + 30*time.Second)
	<-time.After(v.Trial + time.Second)
	back := said{"abandonada", "rolled back"}.in(v.Lang)
	for {
		d.Do("config versions", at)
		if strings.Contains(d.Answer(), back) {
			break
		}
		if time.Now().After(end) {
			d.T.Fatalf("the change that nobody confirmed stays:\n%s", d)
		}
		<-time.After(time.Second)
	}
	d.Do("config show", "country: FR")
	d.Do("exit", "centralita> ")
	d.Settle(d.Quiet)
}

// what differs from one visit to the next, and what stands for it in a transcript.
var varies = []struct {
	was *regexp.Regexp
	is  string
}{
	{regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b`), "CODE-CODE-CODE"},
	{regexp.MustCompile(`Centralita [^ ]+ ·`), "Centralita VERSION ·"},
	{regexp.MustCompile(` +[0-9]{1,2} (ene|feb|mar|abr|may|jun|jul|ago|sep|oct|nov|dic|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{2}:[0-9]{2} +`), " DAY "},
	{regexp.MustCompile(`\b[0-9]{2}:[0-9]{2}\b`), "HH:MM"},
	{regexp.MustCompile(` +[0-9]+:[0-9]{2} `), " M:SS "},
	{regexp.MustCompile(`(fichero|file) [^ \n]+(\.yaml|/[^ \n]*)`), "$1 FILE"},
	{regexp.MustCompile(`console: [^ \n]+`), "console: LINE"},
}

// Transcript is a screen with what differs from one visit to the next taken out.
func Transcript(screen string) string {
	for _, v := range varies {
		screen = v.was.ReplaceAllString(screen, v.is)
	}
	return strings.Trim(screen, "\n") + "\n"
}

// House is the document of a small house for a first visit; LINE is its serial line.
const House = `site: {id: test, name: Prueba, country: ES, language: es, timezone: Europe/Madrid}
board:
  kind: sim
  socket: sim.sock
  fxo: 2
  fxs: 1
  console: LINE
lines:
  - {id: L1, socket: fxo1, number: "910000001", flow: main}
  - {id: L2, socket: fxo2, number: "910000002", flow: main}
phones:
  - {ext: "101", name: Recepción, socket: fxs1}
operator: "101"
flows:
  - name: main
    start: operador
    nodes:
      operador: {dial: operator, next: fin}
      fin: {hangup: true}
`
