// Package message writes every word and every block that a person reads in Slack,
// and the metadata that other programs read.
//
//   - [Phrases.RenderCard] draws the card that asks for consent.
//   - [Phrases.ThreadReply] and [Phrases.PrivateNotice] say what became of a request.
//   - [Phrases.RenderForm] and [Phrases.RenderHome] draw the form and the Home tab.
//   - The other functions answer commands.
//
// Most sentences depend on the request alone and come from plain functions. Those
// that name the channel, an emoji or a license by its display name are methods of
// [Phrases].
//
// One plain sentence says what happened, to which request, and what to do next. No
// sentence speaks of success before UiPath confirmed the change. What comes from
// outside (names, reasons, UiPath's own words) is escaped and bounded where it is
// shown.
package message
