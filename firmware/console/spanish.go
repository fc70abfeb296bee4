package console

import (
	"strings"

	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/tel"
)

// sentence is one that comes from below, in both languages; each %s stands for what
// differs, in the same order in both.
type sentence struct{ en, es string }

// sentences are what drivers, ports and lines say of themselves: their reports and
// the details of a picture are English, as is the book. The first that fits counts.
var sentences = []sentence{
	// What was loaded.
	{"%s lines and %s telephones, simulated", "%s líneas y %s teléfonos, simulados"},
	{"%s, 16-bit linear, %s, %s at %s", "%s, lineal de 16 bits, %s, %s en %s"},
	{"%s, 8-bit linear unsigned, %s, %s at %s", "%s, lineal de 8 bits sin signo, %s, %s en %s"},
	{"%s, 8-bit linear signed, %s, %s at %s", "%s, lineal de 8 bits con signo, %s, %s en %s"},
	{"%s, µ-law, %s, %s at %s", "%s, ley µ, %s, %s en %s"},
	{"%s, A-law, %s, %s at %s", "%s, ley A, %s, %s en %s"},
	{"half duplex", "semidúplex"},
	{"full duplex", "dúplex"},
	{"no caller id", "sin identificación de llamadas"},
	{"caller id", "identificación de llamadas"},
	{"%s, echo canceller", "%s, cancelador de eco"},
	{"real time, round robin, %s", "tiempo real, por turnos, %s"},
	{"as every program; LimitRTPRIO=10 in the service's unit, or ulimit -r 10, permits real time",
		"como cualquier programa; LimitRTPRIO=10 en la unidad del servicio, o ulimit -r 10, permite el tiempo real"},

	// The confinement.
	{"files by Landlock, system calls by a filter; %s doors were tried and are shut",
		"ficheros por Landlock, llamadas al sistema por un filtro; se probaron %s puertas y están cerradas"},
	{"no door was tried", "no se probó ninguna puerta"},
	{"this can still be done: %s", "todavía se puede: %s"},
	{"list the root", "mirar la raíz"},
	{"make a file in /dev/shm", "crear un fichero en /dev/shm"},
	{"change a file of the system", "cambiar un fichero del sistema"},
	{"start another program", "iniciar otro programa"},
	{"look into another program", "mirar dentro de otro programa"},
	{"mount", "montar"},
	{"load a module", "cargar un módulo"},
	{"give the kernel a program", "dar un programa al núcleo"},
	{"leave for a room of one's own", "irse a un espacio propio"},
	{"read raw packets", "leer paquetes en bruto"},
	{"run what one has written", "ejecutar lo que uno mismo escribió"},
	{"become root", "hacerse root"},
	{"cannot use Landlock: %s; the kernel needs CONFIG_SECURITY_LANDLOCK and \"landlock\" in its list lsm=",
		"no se puede usar Landlock: %s; el núcleo necesita CONFIG_SECURITY_LANDLOCK y «landlock» en su lista lsm="},
	{"cannot filter system calls: %s; the kernel needs CONFIG_SECCOMP_FILTER",
		"no se pueden filtrar las llamadas al sistema: %s; el núcleo necesita CONFIG_SECCOMP_FILTER"},

	// The board.
	{"the board has none of that name: it has %s", "la placa no tiene ninguno de ese nombre: tiene %s"},
	{"the board has no ports", "la placa no tiene puertos"},
	{"correct the socket in the configuration", "corrija el conector (socket) en la configuración"},
	{"it is an %s port, and an %s port is wanted", "es un puerto %s y hace falta un puerto %s"},
	{"look what is plugged where, or correct the configuration", "mire qué está enchufado y dónde, o corrija la configuración"},
	{"no cards are opened here", "aquí no se abren tarjetas"},
	{"no serial lines are opened here", "aquí no se abren líneas serie"},

	// The front.
	{"%s ports and health on lines of %s", "%s puertos y salud en líneas de %s"},
	{"%s ports and health on %s registers at %s", "%s puertos y salud en %s registros en %s"},
	{"%s on lines of %s", "%s en líneas de %s"},
	{"%s at %s of I²C bus %s", "%s en %s del bus I²C %s"},
	{"%s, kept by the kernel", "%s, lo lleva el núcleo"},
	{"no front is opened here", "aquí no se abre ningún frontal"},
	{"cannot find the GPIO chip %s: it is not there, there is none at all", "no se encuentra el chip GPIO %s: no está; no hay ninguno"},
	{"cannot find the GPIO chip %s: it is not there, there are %s", "no se encuentra el chip GPIO %s: no está; hay %s"},
	{"cannot find the GPIO chip %s: it is not there", "no se encuentra el chip GPIO %s: no está"},
	{"cannot have the lines %s of %s: device or resource busy; gpioinfo tells who has a line that is busy", "no se pueden tomar las líneas %s de %s: otro programa las tiene; gpioinfo dice cuál"},
	{"cannot use line %s of %s: it has lines %s", "no se puede usar la línea %s de %s: tiene las líneas %s"},
	{"it does not answer: %s", "no responde: %s"},
	{"cannot set the light on the display at %s: %s", "no se puede encender la pantalla en %s: %s"},
	{"cannot write on the display at %s: %s", "no se puede escribir en la pantalla en %s: %s"},
	{"cannot define a glyph on the display at %s: %s", "no se puede definir un carácter en la pantalla en %s: %s"},
	{"cannot show it on the digits at %s: %s", "no se puede mostrar en los dígitos en %s: %s"},
	{"sysfs-i2c: no such device or address", "nadie contesta en el bus"},
	{"it is taken as soon as it answers; where there is none, write %s: none", "se toma en cuanto responda; si no la hay, escriba %s: none"},
	{"look at its plug and cable; it is taken again as soon as it answers", "mire su conector y su cable; se retoma en cuanto responda"},
	{"where it is wired, switch its bus on in config.txt: dtparam=i2c_arm=on, dtparam=spi=on", "si está cableado, active su bus en config.txt: dtparam=i2c_arm=on, dtparam=spi=on"},
	{"there is no /dev/i2c-%s", "no hay /dev/i2c-%s"},
	{"there is no /dev/spidev%s", "no hay /dev/spidev%s"},
	{"there is no /dev/rtc%s", "no hay /dev/rtc%s"},

	// Serial consoles.
	{"%s baud", "%s baudios"},
	{"there is no such device", "no hay tal dispositivo"},
	{"it is taken as soon as it is there", "se toma en cuanto esté"},
	{"end it; it may be a log-in of the system (getty)", "termínelo; puede ser una entrada del sistema (getty)"},
	{"the device may not be opened", "no hay permiso para abrir el dispositivo"},
	{"add the user to the group dialout", "añada el usuario al grupo dialout"},
	{"it is no serial line", "no es una línea serie"},
	{"correct console: of the board", "corrija console: de la placa"},

	// Configurations.
	{"nobody confirmed it within %s", "nadie la confirmó en %s"},

	// SSH.
	{"access: ssh: names no address", "access: ssh: no nombra ninguna dirección"},
	{"the box has no owner yet", "la caja no tiene dueño todavía"},
	{"the accounts cannot be used", "no se pueden usar las cuentas"},
	{"cannot listen for SSH: %s", "no se puede escuchar SSH: %s"},
	{"cannot use the host key of SSH: %s", "no se puede usar la clave de SSH de la caja: %s"},

	// DAHDI.
	{"there is no /dev/dahdi: the DAHDI modules are not loaded", "no hay /dev/dahdi: los módulos DAHDI no están cargados"},
	{"/dev/dahdi is there but nothing answers: the DAHDI modules are not loaded", "/dev/dahdi está pero nada responde: los módulos DAHDI no están cargados"},
	{"load them: modprobe dahdi and the module of the card, then dahdi_cfg", "cárguelos: modprobe dahdi y el módulo de la tarjeta, y después dahdi_cfg"},
	{"the modules have no channels", "los módulos no tienen canales"},
	{"load the module of the card and run dahdi_cfg", "cargue el módulo de la tarjeta y ejecute dahdi_cfg"},
	{"%s may not be opened", "no hay permiso para abrir %s"},
	{"run as root, or as a user of the group dahdi", "ejecútela como root o como usuario del grupo dahdi"},
	{"another program has channel %s open", "otro programa tiene abierto el canal %s"},
	{"end that program (asterisk, dahdi_monitor …)", "termine ese programa (asterisk, dahdi_monitor …)"},
	{"there is no channel %s: the cards have %s", "no hay canal %s: las tarjetas tienen %s"},
	{"correct the number, or look whether the card is found", "corrija el número o mire si se encuentra la tarjeta"},
	{"channel %s has no signalling", "el canal %s no tiene señalización"},
	{"write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg",
		"escriba fxsks (para una línea) o fxoks (para un teléfono) en /etc/dahdi/system.conf y ejecute dahdi_cfg"},
	{"channel %s is gone: %s", "el canal %s ya no está: %s"},
	{"look at the card's plug and supply", "mire el conector y la alimentación de la tarjeta"},
	{"see what the kernel's log says of the card", "mire qué dice de la tarjeta el registro del núcleo"},
	{"the card's module of this channel does not work", "el módulo de la tarjeta para este canal no funciona"},
	{"replace the module, or look at its supply", "cambie el módulo o mire su alimentación"},
	{"its signalling is %s, groundstart", "su señalización es %s, de arranque por tierra"},
	{"its signalling is %s: neither a line nor a telephone", "su señalización es %s: ni línea ni teléfono"},
	{"the card is going away", "la tarjeta se está yendo"},
	{"look at its plug", "mire su conector"},
	{"%s buffers of %s samples were asked for, the module has %s of %s", "se pidieron %s búferes de %s muestras y el módulo tiene %s de %s"},
	{"use the DAHDI modules of Debian", "use los módulos DAHDI de Debian"},
	{"the card was unplugged", "se desenchufó la tarjeta"},
	{"it has an alarm; look at the card's supply or the span", "tiene una alarma; mire la alimentación de la tarjeta o el tramo"},
	{"it has a %s alarm", "tiene una alarma: %s"},
	{"the card has given no sound for %s: its clock stands still", "la tarjeta no da sonido desde hace %s: su reloj está parado"},
	{"its sound cannot be read: %s", "no se puede leer su sonido: %s"},

	// Modems.
	{"%s baud carry no sound; set 115200 or more", "%s baudios no llevan sonido; ponga 115200 o más"},
	{"it has not answered yet", "todavía no ha contestado"},
	{"the start was given up: %s", "se acabó la espera del arranque: %s"},
	{"there is no device %s; plug the modem in", "no hay dispositivo %s; enchufe el módem"},
	{"there is no device %s", "no hay dispositivo %s"},
	{"plug the modem in, it is taken as soon as it answers", "enchufe el módem; se toma en cuanto responda"},
	{"the device may not be opened (%s); add the user to the group dialout", "no hay permiso para abrir el dispositivo (%s); añada el usuario al grupo dialout"},
	{"the device may not be opened (%s)", "no hay permiso para abrir el dispositivo (%s)"},
	{"add the user to the group dialout", "añada el usuario al grupo dialout"},
	{"another program holds the device", "otro programa tiene el dispositivo"},
	{"end it", "termínelo"},
	{"%s is no serial line", "%s no es una línea serie"},
	{"correct the device of the modem", "corrija el dispositivo (device) del módem"},
	{"the device is gone: it was unplugged or lost its supply", "el dispositivo ya no está: se desenchufó o perdió la alimentación"},
	{"the device fails: %s", "el dispositivo falla: %s"},
	{"it does not answer %s", "no responde a %s"},
	{"it answers ERROR to AT", "responde ERROR a AT"},
	{"it cannot close the loop: it refuses %s", "no puede cerrar el bucle: rechaza %s"},
	{"it cannot open the loop: it refuses %s and %s", "no puede abrir el bucle: rechaza %s y %s"},
	{"it refuses %s in a flash", "rechaza %s en un flash"},
	{"it refuses %s", "rechaza %s"},
	{"it sent no sound for %s", "no ha enviado sonido en %s"},
	{"it speaks only the voice commands before V.253 (AT#CLS=8)", "solo habla las órdenes de voz anteriores a V.253 (AT#CLS=8)"},
	{"use a modem with AT+FCLASS=8", "use un módem con AT+FCLASS=8"},
	{"it is no voice modem: it does not know AT+FCLASS=?", "no es un módem de voz: no conoce AT+FCLASS=?"},
	{"it is no voice modem: of AT+FCLASS=8 it knows only %s", "no es un módem de voz: de AT+FCLASS=8 solo conoce %s"},
	{"another modem is in its place, with other abilities: %s; start the program again to use it",
		"otro módem está en su lugar, con otras capacidades: %s; arranque de nuevo el programa para usarlo"},
	{"%s, it is taken as soon as it answers", "%s; se toma en cuanto responda"},
	{"it is taken as soon as it answers", "se toma en cuanto responda"},

	// Lines: what they do, and why they are out of service.
	{"idle", "en reposo"}, {"ringing", "suena"}, {"talking", "hablando"}, {"answering", "contestando"}, {"flashing", "en flash"},
	{"clearing", "soltando"}, {"confirming idle", "comprobando que está libre"}, {"seizing", "tomándola"},
	{"waiting for dial tone", "esperando tono de marcar"}, {"dialling", "marcando"}, {"waiting for answer", "esperando respuesta"},
	{"blocked", "bloqueada"}, {"testing", "en prueba"}, {"alarm", "alarma"},
	{"no battery", "sin batería"}, {"hardware gone", "sin el puerto"}, {"hardware", "sin el puerto"}, {"no dial tone", "sin tono de marcar"},
	{"failed twice", "falló dos veces"}, {"changed character", "cambió de carácter"}, {"battery is back", "volvió la batería"},
	{"before the bell", "antes del timbre"}, {"glare", "llamada cruzada"}, {"refusing a collect call", "rechazando un cobro revertido"},

	// Orders that cannot be carried out.
	{"cannot capture port %s: its hardware is gone", "no se puede grabar el puerto %s: no está"},
	{"cannot capture %s of port %s: its audio does not flow", "no se pueden grabar %s del puerto %s: no le llega sonido"},
	{"cannot capture port %s: it is closed", "no se puede grabar el puerto %s: está cerrado"},
	{"cannot keep sound: %s", "no se puede guardar el sonido: %s"},
	{"cannot read the line profile at %s: %s", "no se puede leer el perfil de línea en %s: %s"},
	{"cannot read the line profile: it is empty", "no se puede leer el perfil de línea: está vacío"},
	{"cannot read the line profile: it breaks off at %s", "no se puede leer el perfil de línea: se corta en %s"},
	{"cannot read the line profile: %s", "no se puede leer el perfil de línea: %s"},
	{"cannot tune %s: %s offers %s", "no se puede ajustar %s: %s ofrece %s"},

	// The network.
	{"no DHCP server answers", "ningún servidor DHCP responde"},
	{"cannot bring up %s: %s", "no se puede activar %s: %s"},
	{"cannot give %s to %s: %s", "no se puede dar %s a %s: %s"},
	{"cannot route over %s from %s: %s", "no se puede poner la ruta por %s desde %s: %s"},
	{"cannot ask for an address: there is neither udhcpc nor busybox", "no se puede pedir una dirección: no hay udhcpc ni busybox"},

	// Secrets.
	{"cannot find secret %s: give it by the command \"secret set %s\" or, while no house runs, under \"named\" in %s",
		"no está el secreto %s: delo con la orden «secret set %s» o, mientras no hay central en marcha, en «named» de %s"},
	{"cannot use the secret %s: %s", "no se puede usar el secreto %s: %s"},
	{"cannot use the uplink %s: %s", "no se puede usar el enlace %s: %s"},
	{"cannot use uplink %s: %s", "no se puede usar el enlace %s: %s"},
	{"cannot use trunk %s: %s", "no se puede usar la troncal %s: %s"},
	{"cannot use phone %s: %s", "no se puede usar el teléfono %s: %s"},
	{"its token holds a space or a character that is not plain ASCII", "su clave tiene un espacio o una letra que no es ASCII"},

	// The time.
	{"there is no clock with a battery at %s", "no hay ninguno en %s"},
	{"cannot read %s: %s; hint: its battery may be empty", "no se puede leer %s: %s; pista: quizá tenga la pila gastada"},

	// Updates.
	{"the house has just started", "la central acaba de arrancar"},
	{"a trial goes on", "hay una prueba en marcha"},
	{"a start is on its way", "ya va a arrancar"},
	{"up to date", "está al día"},
	{"postponed until %s", "aplazada hasta %s"},
	{"the hour is not known", "no se sabe la hora"},
	{"it waits for %s", "espera a las %s"},
	{"cannot start slot %s: it is empty; hint: update stage fills it", "no se puede arrancar la ranura %s: está vacía; pista: update stage la llena"},
	{"cannot write a slot during a trial; hint: update commit keeps what runs, update rollback goes back",
		"no se puede escribir una ranura durante una prueba; pista: update commit deja lo que funciona, update rollback vuelve atrás"},
	{"cannot write slot %s: it is the good one, though %s runs; hint: update commit declares %s good",
		"no se puede escribir la ranura %s: es la buena, aunque funciona %s; pista: update commit da por buena la %s"},
	{"cannot use slot %s: it does not hold what was written; hint: the card or disk is worn out", "no se puede usar la ranura %s: no guarda lo que se escribió; pista: la tarjeta o el disco está gastado"},
	{"cannot verify slot %s: its sum is not known; hint: stage a bundle into it", "no se puede comprobar la ranura %s: no se conoce su suma; pista: escriba un paquete con update stage"},
	{"cannot do that now: the slots are being written or read; hint: wait for the other update command to end",
		"ahora no se puede: se están escribiendo o leyendo las ranuras; pista: espere a que termine la otra orden de actualización"},
	{"cannot find a USB stick; hint: plug one in, formatted as FAT or exFAT", "no hay memoria USB; pista: enchufe una con formato FAT o exFAT"},
	{"cannot find %s on a USB stick", "%s no está en la memoria USB"},
	{"cannot look for USB sticks: this machine has no place for any", "no se pueden buscar memorias USB: esta máquina no las monta"},
	{"cannot download the update: the server answers %s", "no se puede bajar la actualización: el servidor responde %s"},
	{"cannot download the update: %s", "no se puede bajar la actualización: %s"},
	{"cannot write the bundle to \"%s\": it is a name in %s, not a path", "no se puede escribir el paquete en «%s»: es un nombre dentro de %s, no una ruta"},
	{"cannot write the bundle: %s", "no se puede escribir el paquete: %s"},
	{"cannot tidy the bundles: %s", "no se pueden quitar los paquetes viejos: %s"},
	{"cannot read the bundle: %s", "no se puede leer el paquete: %s"},
	{"cannot open the bundle: %s", "no se puede abrir el paquete: %s"},
	{"the server fell silent", "el servidor calló"},
	{"cannot read the boot record: no copy of it is whole", "no se puede leer el registro de arranque: no hay ninguna copia entera"},

	// Put together.
	{"%s; %s", "%s; %s"}, {"%s: %s", "%s: %s"}, {"%s (%s)", "%s (%s)"},
}

// plain returns what comes from below in the language of the session. What no
// sentence fits, an error of the system or a name, stays as it is.
func (s *session) plain(text string) string {
	if s.lang == tel.English {
		return text
	}
	return Spanish(text)
}

// Spanish returns the Spanish of what drivers, ports and lines say.
func Spanish(text string) string {
	for _, p := range sentences {
		values, ok := spanish.Fits(p.en, text)
		if !ok {
			continue
		}
		parts := strings.Split(p.es, "%s")
		out := parts[0]
		for i, v := range values {
			out += Spanish(v) + parts[i+1]
		}
		return out
	}
	return text
}
