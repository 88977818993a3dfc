package jobs

// choice reads the value of a key that takes one of a few words, where true and
// false may stand without quotes.
func (r *jsonRow) choice(at, value int, key string) {
	var text string
	if r.kind() == "true or false" {
		text = map[bool]string{true: "true", false: "false"}[r.text[value] == 't']
		r.skip()
	} else {
		var ok bool
		if text, ok = r.scalar(value, key); !ok {
			return
		}
	}
	said, p := checkChoice(key, text)
	r.problem(value, p)
	e := r.entry
	*map[string]*choice{"signOut": &e.signOut, "enable": &e.enable, "ifMissing": &e.ifMissing, "invite": &e.invite}[key] = said
	if key == "ifMissing" || key == "invite" {
		r.creationAt(at)
	}
}

func (r *jsonRow) attributes(at int) {
	attributes := map[string]string{}
	if !r.expect("attributes", "an object") {
		return
	}
	r.keys(map[string]int{}, func(at int, name string) {
		value := r.start()
		if text, ok := r.scalar(value, "the value of an attribute"); ok {
			r.problem(at, checkAttribute(name, text))
			attributes[name] = text
		}
	})
	r.entry.attributes = attributes
	r.creationAt(at)
}

func (r *jsonRow) creationAt(at int) {
	r.entry.creationPlace = Place{r.entry.place.File, r.entry.place.Line, columnOf(r.text, at)}
}
