package doctor

import (
	"fmt"
	"math"
	"strings"
)

// What is healthy. Sources: line voltage and loop current as exchanges and
// adapters give them (ES 201 970 § 6, TIA-968: 20 mA and more is normal, below
// 18 many hybrids fail); dial tone −10 ± 5 dBm0 and noise as ITU-T E.180 and G.120
// leave them; echo return loss 6 dB is poor, 14 dB what G.122 hopes for.
const (
	weakVolts   = 24.0
	weakLoop    = 18.0 // mA
	strongLoop  = 90.0
	quietTone   = -8.0 // dB below what the country's tone should have
	loudTone    = 6.0
	pureTone    = 0.90
	dirtyTone   = 0.70
	offTone     = 0.02 // share of the frequency
	noisyLook   = -52.0
	noisyBad    = -42.0
	humLook     = -52.0
	humBad      = -40.0
	clicksLook  = 2
	clicksBad   = 10
	poorERL     = 6.0
	fairERL     = 12.0
	betterERL   = 2.0 // dB that make another impedance worth it,
	muchBetter  = 6.0 // also where the line is fair already
	nearEnd     = 1.0 // ms before the end of the canceller's tail
	twistLook   = 6.0
	mostGain    = 6.0
	worthGain   = 3.0
	strangeTone = -30.0 // something loud where the dial tone should be
)

// judge turns the measurements into findings and advice.
func (r *Report) judge(s Settings) {
	if r.Aborted != "" {
		r.add("test", Look, "prueba interrumpida: "+r.AbortedES, "test interrupted: "+r.Aborted)
	}
	r.judgeBattery(s)
	r.judgeTone(s)
	r.judgeQuiet()
	r.judgeEcho(s)
	r.judgeLoop()
	if math.Abs(r.TwistDB) >= twistLook {
		r.add("twist", Look, fmt.Sprintf("desnivel de los tonos de tecla %s dB: se usa la detección para menús", minus(r.TwistDB)),
			fmt.Sprintf("twist of the keys' tones %s dB: the menus' detection is used", minus(r.TwistDB)))
	}
	r.advise(s)
}

func (r *Report) add(id string, rank Rank, es, en string) {
	r.Findings = append(r.Findings, Finding{ID: id, Rank: rank, ES: es, EN: en})
}

func (r *Report) judgeBattery(s Settings) {
	if r.NoBattery {
		r.add("battery", Bad, "sin batería: la línea está cortada o desenchufada", "no battery: the pair is cut or unplugged")
		return
	}
	if r.OnHook != nil {
		v := math.Abs(float64(r.OnHook.Volts))
		switch {
		case v < 3:
			r.add("battery", Bad, fmt.Sprintf("sin tensión (%.0f V): la línea está cortada o desenchufada", v), fmt.Sprintf("no voltage (%.0f V): the pair is cut or unplugged", v))
		case v < weakVolts:
			r.add("battery", Look, fmt.Sprintf("tensión baja, %.0f V: línea larga, otro aparato descolgado o un adaptador (ONT, ATA)", v),
				fmt.Sprintf("low voltage, %.0f V: a long line, another set off hook, or an adapter (ONT, ATA)", v))
		default:
			r.add("battery", Good, fmt.Sprintf("batería %.0f V", v), fmt.Sprintf("battery %.0f V", v))
		}
	}
	if r.OffHook == nil || r.OffHook.MilliAmps == 0 {
		return
	}
	i := math.Abs(float64(r.OffHook.MilliAmps))
	switch {
	case i < weakLoop:
		r.add("loop", Look, fmt.Sprintf("corriente de bucle baja, %.0f mA: línea larga o dos aparatos en ella", i), fmt.Sprintf("low loop current, %.0f mA: a long line, or two sets on it", i))
	case i > strongLoop:
		r.add("loop", Look, fmt.Sprintf("corriente de bucle alta, %.0f mA", i), fmt.Sprintf("high loop current, %.0f mA", i))
	default:
		r.add("loop", Good, fmt.Sprintf("corriente de bucle %.0f mA", i), fmt.Sprintf("loop current %.0f mA", i))
	}
}

func (r *Report) judgeTone(s Settings) {
	switch {
	case r.NoDialTone && r.Quiet != nil && r.Quiet.Level > strangeTone:
		r.add("dial-tone", Bad, fmt.Sprintf("no hay tono de invitación a marcar, pero se oye algo a %s dBm0: ¿otro país, o alguien habla en la línea?", minus(r.Quiet.Level)),
			fmt.Sprintf("no dial tone, but something is heard at %s dBm0: another country, or somebody talks on the line?", minus(r.Quiet.Level)))
	case r.NoDialTone:
		r.add("dial-tone", Bad, fmt.Sprintf("no hay tono de invitación a marcar en %.0f s: avise a la operadora", toneWait.Seconds()),
			fmt.Sprintf("no dial tone in %.0f s: call the operator", toneWait.Seconds()))
	case r.Tone != nil:
		r.judgeHeardTone(s)
	}
}

func (r *Report) judgeHeardTone(s Settings) {
	t := r.Tone
	for i, hz := range t.Hz {
		if i < len(s.DialHz) && math.Abs(hz-s.DialHz[i]) > offTone*s.DialHz[i] {
			r.add("dial-tone", Look, fmt.Sprintf("el tono de marcar es de %.0f Hz, no de %.0f: ¿está bien el país?", hz, s.DialHz[i]),
				fmt.Sprintf("dial tone is of %.0f Hz, not %.0f: is the country right?", hz, s.DialHz[i]))
			return
		}
	}
	over := t.Level - s.DialLevel
	switch {
	case t.Pure < dirtyTone:
		r.add("dial-tone", Bad, fmt.Sprintf("tono de marcar sucio: sólo el %.0f %% es tono, lo demás está a %s dBm0", 100*t.Pure, minus(t.Others)),
			fmt.Sprintf("dirty dial tone: only %.0f %% of it is tone, the rest is at %s dBm0", 100*t.Pure, minus(t.Others)))
	case t.Pure < pureTone:
		r.add("dial-tone", Look, fmt.Sprintf("tono de marcar con ruido: el %.0f %% es tono", 100*t.Pure), fmt.Sprintf("noise in dial tone: %.0f %% of it is tone", 100*t.Pure))
	case over < quietTone:
		r.add("dial-tone", Look, fmt.Sprintf("tono de marcar débil, %s dBm0: línea larga", minus(t.Level)), fmt.Sprintf("weak dial tone, %s dBm0: a long line", minus(t.Level)))
	case over > loudTone:
		r.add("dial-tone", Look, fmt.Sprintf("tono de marcar fuerte, %s dBm0: la ganancia es alta", minus(t.Level)), fmt.Sprintf("loud dial tone, %s dBm0: the gain is high", minus(t.Level)))
	default:
		r.add("dial-tone", Good, fmt.Sprintf("tono de marcar %s dBm0, %.0f %% puro", minus(t.Level), 100*t.Pure), fmt.Sprintf("dial tone %s dBm0, %.0f %% pure", minus(t.Level), 100*t.Pure))
	}
}

// judgeQuiet judges the silence of the closed loop, or without one that on hook.
func (r *Report) judgeQuiet() {
	q := r.Quiet
	if q == nil || r.NoDialTone && q.Level > strangeTone {
		q = r.QuietOnHook
	}
	if q == nil {
		return
	}
	switch {
	case q.HumHz != 0 && q.Hum > humBad:
		r.add("hum", Bad, fmt.Sprintf("zumbido de %d Hz a %s dBm0: busque un cable de corriente junto al par", q.HumHz, minus(q.Hum)),
			fmt.Sprintf("hum %d Hz at %s dBm0: look for a power cable beside the pair", q.HumHz, minus(q.Hum)))
	case q.HumHz != 0 && q.Hum > humLook:
		r.add("hum", Look, fmt.Sprintf("algo de zumbido de %d Hz, %s dBm0: ¿un cable de corriente cerca, mala tierra?", q.HumHz, minus(q.Hum)),
			fmt.Sprintf("some hum of %d Hz, %s dBm0: a power cable nearby, a bad earth?", q.HumHz, minus(q.Hum)))
	}
	switch {
	case q.Noise > noisyBad:
		r.add("noise", Bad, fmt.Sprintf("ruido %s dBm0: empalmes, humedad, o falta el filtro de ADSL", minus(q.Noise)),
			fmt.Sprintf("noise %s dBm0: joints, damp, or a DSL filter is missing", minus(q.Noise)))
	case q.Noise > noisyLook:
		r.add("noise", Look, fmt.Sprintf("ruido %s dBm0: se oye", minus(q.Noise)), fmt.Sprintf("noise %s dBm0: it can be heard", minus(q.Noise)))
	default:
		r.add("noise", Good, fmt.Sprintf("ruido %s dBm0", minus(q.Noise)), fmt.Sprintf("noise %s dBm0", minus(q.Noise)))
	}
	switch {
	case q.Clicks >= clicksBad:
		r.add("clicks", Bad, fmt.Sprintf("%d chasquidos en %.0f s: contacto flojo o un cerco eléctrico cerca", q.Clicks, q.Seconds),
			fmt.Sprintf("%d clicks in %.0f s: a loose contact, or an electric fence nearby", q.Clicks, q.Seconds))
	case q.Clicks >= clicksLook:
		r.add("clicks", Look, fmt.Sprintf("%d chasquidos en %.0f s: revise los bornes", q.Clicks, q.Seconds), fmt.Sprintf("%d clicks in %.0f s: check the terminals", q.Clicks, q.Seconds))
	}
}

func (r *Report) judgeEcho(s Settings) {
	e := r.First
	if !e.Known {
		return
	}
	switch {
	case e.ERL < poorERL:
		r.add("echo", Bad, fmt.Sprintf("eco fuerte: atenuación de %.0f dB a los %.0f ms; la impedancia no casa", e.ERL, e.Delay),
			fmt.Sprintf("strong echo: return loss %.0f dB after %.0f ms; the impedance does not match", e.ERL, e.Delay))
	case e.ERL < fairERL:
		r.add("echo", Look, fmt.Sprintf("eco: atenuación de %.0f dB a los %.0f ms; lo quita el cancelador", e.ERL, e.Delay),
			fmt.Sprintf("echo: return loss %.0f dB after %.0f ms; the canceller takes it", e.ERL, e.Delay))
	default:
		r.add("echo", Good, fmt.Sprintf("eco atenuado %.0f dB", e.ERL), fmt.Sprintf("echo return loss %.0f dB", e.ERL))
	}
	if s.Tail > 0 && e.End > float64(s.Tail)-nearEnd {
		r.add("tail", Look, fmt.Sprintf("el eco dura %.0f ms y el cancelador alcanza %d: ponga uno más largo", e.End, s.Tail),
			fmt.Sprintf("the echo lasts %.0f ms and the canceller reaches %d: set a longer one", e.End, s.Tail))
	}
}

func (r *Report) judgeLoop() {
	switch {
	case r.Drops > 0 && !r.NoBattery:
		r.add("stability", Bad, fmt.Sprintf("la batería faltó %d veces durante la prueba: contacto flojo", r.Drops),
			fmt.Sprintf("battery went away %d times during the test: a loose contact", r.Drops))
	case r.Reversals > 1:
		r.add("stability", Look, fmt.Sprintf("%d inversiones de polaridad durante la prueba: ¿ruido en el par?", r.Reversals),
			fmt.Sprintf("%d reversals during the test: noise on the pair?", r.Reversals))
	}
}

// advise says which gain and impedance would do better.
func (r *Report) advise(s Settings) {
	tune, changed := s.Now, false
	var es, en []string
	if best, ok := r.best(); ok && best.Impedance != r.First.Impedance &&
		(best.ERL >= r.First.ERL+muchBetter || r.First.ERL < fairERL && best.ERL >= r.First.ERL+betterERL) {
		tune.Impedance, changed = best.Impedance, true
		es = append(es, fmt.Sprintf("impedancia %s (eco atenuado %.0f dB en vez de %.0f)", best.Impedance, best.ERL, r.First.ERL))
		en = append(en, fmt.Sprintf("impedance %s (echo return loss %.0f dB instead of %.0f)", best.Impedance, best.ERL, r.First.ERL))
	}
	if t := r.Tone; t != nil && s.Info.Caps.Gain && t.Pure >= pureTone {
		if want := s.DialLevel - t.Level; math.Abs(want) >= worthGain {
			want = math.Round(2*max(-mostGain, min(mostGain, want))) / 2
			tune.RxTenths += int(10 * want)
			changed = true
			es = append(es, fmt.Sprintf("ganancia de recepción %+.1f dB", float64(tune.RxTenths)/10))
			en = append(en, fmt.Sprintf("receive gain %+.1f dB", float64(tune.RxTenths)/10))
		}
	}
	if changed {
		r.Advice = &Advice{Tune: tune, ES: strings.Join(es, ", "), EN: strings.Join(en, ", ")}
	}
}

// best is the impedance that gives the least echo.
func (r *Report) best() (best Match, ok bool) {
	for _, m := range r.Echo {
		if m.Known && (!ok || m.ERL > best.ERL) {
			best, ok = m, true
		}
	}
	return best, ok
}

// minus writes a level with a proper sign.
func minus(db float64) string {
	return strings.Replace(fmt.Sprintf("%.0f", db), "-", "−", 1)
}
