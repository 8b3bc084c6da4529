// Units per item with their quantities (table 5404).
page 50113 "SEC Item Units"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'itemUnitOfMeasure';
    EntitySetName = 'itemUnitsOfMeasure';
    EntityCaption = 'Item Unit of Measure';
    EntitySetCaption = 'Item Units of Measure';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Item Unit of Measure";
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(itemId; ItemId)
                {
                    Caption = 'Item id';

                    trigger OnValidate()
                    begin
                        ItemIdIsSet := true;
                    end;
                }
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'Item number';
                }
                field(unitOfMeasureCode; Rec.Code)
                {
                    Caption = 'Unit of measure code';
                }
                field(quantityPerUnitOfMeasure; Rec."Qty. per Unit of Measure")
                {
                    Caption = 'Quantity per unit of measure';
                }
                field(baseUnitOfMeasureId; BaseUnitOfMeasureId)
                {
                    Caption = 'Base unit of measure id';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        Item: Record Item;
        UnitOfMeasure: Record "Unit of Measure";
    begin
        Clear(ItemId);
        Clear(BaseUnitOfMeasureId);
        if not Item.Get(Rec."Item No.") then
            exit;
        ItemId := Item.SystemId;
        if UnitOfMeasure.Get(Item."Base Unit of Measure") then
            BaseUnitOfMeasureId := UnitOfMeasure.SystemId;
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        TakeItem();
        Rec.TestField("Item No.");
        Rec.TestField(Code);
    end;

    var
        ItemId: Guid;
        BaseUnitOfMeasureId: Guid;
        ItemIdIsSet: Boolean;
        NoItemErr: Label 'The "itemId" does not match to an Item.', Comment = 'itemId is a field name.';

    local procedure TakeItem()
    var
        Item: Record Item;
    begin
        if not ItemIdIsSet then
            exit;
        if not Item.GetBySystemId(ItemId) then
            Error(NoItemErr);
        Rec.Validate("Item No.", Item."No.");
        ItemIdIsSet := false;
    end;
}
