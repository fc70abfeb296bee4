package greetings

var voices = map[string][]string{
	"es": {"es", "es-419"},
	"en": {"en-us", "en-gb", "en-gb-scotland"},
}

var variants = []string{"", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5"}

// texts are what is said, by language and by who says it.
var texts = map[string][3][]string{
	"es": {
		Person: {
			"¿Diga?", "¿Dígame?", "¿Sí?", "¿Bueno?", "¿Aló?", "Hola.", "¿Hola, quién es?", "¿Sí, dígame?", "Hola, buenos días.",
			"¿Quién habla?", "Hola, soy Marta.", "¿Aló, con quién hablo?", "Buenas tardes.", "¿Mande?", "Oigo.", "¿Sí, hola?",
		},
		Office: {
			"Construcciones López, buenos días, le atiende Marta.", "Clínica San José, ¿en qué puedo ayudarle?",
			"Buenas tardes, farmacia central, dígame.", "Asesoría Ruiz y asociados, ¿con quién desea hablar?",
		},
		Machine: {
			"Hola, has llamado a la familia García. Ahora no podemos atenderte. Deja tu mensaje después de la señal y te llamaremos.",
			"El teléfono al que llama está apagado o fuera de cobertura. Por favor, deje su mensaje después de oír la señal.",
			"Este es el buzón de voz de seis uno dos, tres cuatro cinco, seis siete ocho. Puede dejar su mensaje al oír la señal.",
			"Gracias por llamar a Talleres Pérez. Nuestro horario es de nueve a dos y de cuatro a siete. Deje su nombre y su número.",
			"Hola, soy Javier. No puedo contestar en este momento, pero deja un mensaje y te devuelvo la llamada.",
			"La persona con la que quiere comunicarse no está disponible. Grabe su mensaje después del tono y cuelgue al terminar.",
			"Hola. En este momento no estoy. Deja tu recado.",
			"Ha llamado usted al contestador automático de la oficina. Deje su mensaje después de la señal, gracias.",
			"Le responde el buzón de voz. Después de la señal, grabe su mensaje. Cuando acabe, cuelgue o pulse almohadilla.",
			"Buenas, no estamos en casa, deja el mensaje después del pitido.",
		},
	},
	"en": {
		Person: {
			"Hello?", "Yes?", "Hi.", "Yeah?", "Hello, who's there?", "Hello, this is Ann.", "Good morning.", "John speaking.",
			"Hello, yes?", "Who is this?", "Yes, hello.", "Smith.", "Hi, it's me.", "Hey.", "Yes, speaking.", "Good afternoon.",
		},
		Office: {
			"Good morning, Baker and Sons, how may I help you?", "City pharmacy, Helen speaking, good afternoon.",
			"Thank you for calling the dental clinic, this is Paul.", "Front desk, how can I direct your call?",
		},
		Machine: {
			"Hi, you've reached the Millers. We can't come to the phone right now. Please leave a message after the beep.",
			"The person you are calling is not available. At the tone, please record your message. When you are finished, hang up.",
			"You have reached the voice mailbox of five five five, oh one two three. Please leave a message after the tone.",
			"Thank you for calling Hill Plumbing. Our office is closed. Our hours are eight to five. Please leave your name and number.",
			"Hello, this is Peter. I am not at my desk at the moment. Leave a message and I will call you back.",
			"Your call has been forwarded to an automated voice message system. At the tone, please record your message.",
			"Hey. It's Kate. You know what to do. Leave a message.",
			"We are not in. Please leave your message after the tone.",
			"Sorry we missed your call. Please leave your name, your number and a short message after the beep.",
			"The mobile phone you have called is switched off. Please leave a message after the tone.",
		},
	},
}
