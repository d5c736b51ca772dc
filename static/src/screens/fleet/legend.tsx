/** What the squares and the ticks on the wall stand for. */
export function Legend() {
  return (
    <p class="legend">
      <span>A square is a service.</span>
    </p>
  );
}
