// A document whose text can be selected by mouse or keyboard. Offsets are reported in code points of the text, as suites count them.
const IDLE = "Select text: it becomes a gold span. By keyboard: arrows with Shift, then Enter (gold span) or A (and answer)."

function codePoints(text, end) {
  // UTF-16 units up to `end`, less one for each pair; an end between the halves of a pair is moved behind it.
  let points = 0
  for (let at = 0; at < end; points++) at += text.codePointAt(at) > 0xffff ? 2 : 1
  return points
}

function lengthBefore(root, node, offset) {
  const range = document.createRange()
  range.setStart(root, 0)
  range.setEnd(node, offset)
  return range.toString().length
}

function readSelection(root) {
  const selection = document.getSelection()
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null
  const range = selection.getRangeAt(0)
  if (!root.contains(range.startContainer) || !root.contains(range.endContainer)) return null
  const text = root.textContent
  let start = lengthBefore(root, range.startContainer, range.startOffset)
  let end = lengthBefore(root, range.endContainer, range.endOffset)
  while (start < end && /\s/.test(text[start])) start++
  while (end > start && /\s/.test(text[end - 1])) end--
  if (start > 0 && text.codePointAt(start - 1) > 0xffff) start--
  return start < end ? { text: text.slice(start, end), start: codePoints(text, start), end: codePoints(text, end) } : null
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".pg-doc-text")
  const said = parentElement.querySelector(".pg-doc-said")
  const buttons = [...parentElement.querySelectorAll(".pg-doc-bar button")]
  const shown = JSON.stringify(data)
  if (root.dataset.shown !== shown) {
    const moved = root.dataset.document !== data.document
    root.dataset.shown = shown
    root.dataset.document = data.document
    root.setAttribute("aria-label", `Text of ${data.document}`)
    const top = root.scrollTop
    root.replaceChildren(...data.pieces.map(([text, name]) => {
      if (!name) return document.createTextNode(text)
      const mark = document.createElement("mark")
      mark.className = `pg-${name}`
      mark.textContent = text
      return mark
    }))
    root.scrollTop = top
    const gold = root.querySelector(".pg-gold")
    if (moved) root.scrollTop = gold ? Math.max(0, gold.offsetTop - root.offsetTop - 90) : 0
  }
  let chosen = null
  const show = () => {
    chosen = readSelection(root)
    buttons.forEach((button) => { button.disabled = !chosen })
    said.textContent = chosen ? `${[...chosen.text].length} characters: “${chosen.text.replace(/\s+/g, " ").slice(0, 90)}”` : IDLE
  }
  const send = (answer) => {
    if (chosen) setTriggerValue("selected", { document: data.document, start: chosen.start, end: chosen.end, answer })
  }
  buttons.forEach((button) => {
    button.onmousedown = (event) => event.preventDefault() // the selection stays
    button.onclick = () => send(button.dataset.answer === "1")
  })
  root.onbeforeinput = (event) => event.preventDefault()
  root.ondrop = root.onpaste = root.oncut = (event) => event.preventDefault()
  root.ondragstart = (event) => event.preventDefault()
  root.onkeydown = (event) => {
    if (event.key === "Enter") { event.preventDefault(); event.stopPropagation(); show(); send(false) }
    else if (event.key.toLowerCase() === "a" && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); event.stopPropagation(); show(); send(true) }
    else event.stopPropagation()
  }
  document.addEventListener("selectionchange", show)
  show()
  return () => document.removeEventListener("selectionchange", show)
}
