package console

import (
	"regexp"
	"strings"
	"testing"
)

func TestWhatComesFromBelowIsSpanish(t *testing.T) {
	for en, want := range map[string]string{
		"4 lines and 4 telephones, simulated":                                            "4 líneas y 4 teléfonos, simulados",
		"there is no device /dev/ttyACM0":                                                "no hay dispositivo /dev/ttyACM0",
		"plug the modem in, it is taken as soon as it answers":                           "enchufe el módem; se toma en cuanto responda",
		"end it, it is taken as soon as it answers":                                      "termínelo; se toma en cuanto responda",
		"another program holds the device (/dev/ttyACM0)":                                "otro programa tiene el dispositivo (/dev/ttyACM0)",
		"it does not answer AT (/dev/ttyACM0)":                                           "no responde a AT (/dev/ttyACM0)",
		"alarm: hardware gone: there is no /dev/dahdi: the DAHDI modules are not loaded": "alarma: sin el puerto: no hay /dev/dahdi: los módulos DAHDI no están cargados",
		"ACME V92 1.0, 8-bit linear unsigned, half duplex, no caller id at /dev/ttyACM0": "ACME V92 1.0, lineal de 8 bits sin signo, semidúplex, sin identificación de llamadas en /dev/ttyACM0",
		"it is no voice modem: of AT+FCLASS=8 it knows only 0,1":                         "no es un módem de voz: de AT+FCLASS=8 solo conoce 0,1",
		"open /x: input/output error":                                                    "open /x: input/output error",
		"it refuses ":                                                                    "it refuses ",
		"":                                                                               "",
		"cannot capture port dahdi/1: its hardware is gone":                              "no se puede grabar el puerto dahdi/1: no está",
		"cannot read the line profile at 1:1: invalid character 'g' looking for beginning of value": "no se puede leer el perfil de línea en 1:1: invalid character 'g' looking for beginning of value",
	} {
		if got := Spanish(en); got != want {
			t.Errorf("%q: %q, not %q", en, got, want)
		}
	}
}

// Every sentence has both languages, stands for as much in both, and is reached: none
// before it takes what it says.
func TestSentencesAreWhole(t *testing.T) {
	english := regexp.MustCompile(`\b(the|is|of|and|not|with|line)\b`)
	for _, p := range sentences {
		if p.en == "" || p.es == "" || strings.Count(p.en, "%s") != strings.Count(p.es, "%s") {
			t.Errorf("%q and %q are no pair", p.en, p.es)
		}
		if english.MatchString(p.es) {
			t.Errorf("%q is no Spanish", p.es)
		}
		if got, want := Spanish(strings.ReplaceAll(p.en, "%s", "7")), strings.ReplaceAll(p.es, "%s", "7"); got != want {
			t.Errorf("%q: %q, not %q", p.en, got, want)
		}
	}
}
