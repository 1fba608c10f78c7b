const sentences = [
  'It came a day early and the box was whole, which is more than I can say of the last one.',
  'Sturdy, plain and exactly the size that the page says it is.',
  'The colour is a little warmer than in the pictures, but it suits the room well.',
  'Putting it together took an evening, two people and most of our patience.',
  'After three months of daily use nothing has come loose or begun to creak.',
  'I would buy it again, though perhaps not at the full price.',
  'The shop answered my question within the hour and sent the missing screw the next morning.',
  'My neighbour has the smaller one and now wishes that she had waited.',
]

/** A text of exactly `length` characters, from the sentence at `start` on. */
export function reviewText(start: number, length: number): string {
  let text = ''
  for (let index = start; text.length < length; index++) text += `${text === '' ? '' : ' '}${sentences[index % sentences.length] ?? ''}`
  return text.slice(0, length)
}
